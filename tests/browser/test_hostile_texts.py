"""Text of a user or an operator is shown as text, and never runs: names, cards, reasons, /docs."""

import json
import shlex

import pytest

from tests import fakes
from tests.browser.pictures import ANN, ANN_AGAIN, as_file, choose, verdict
from tests.servers import server

SCRIPTS = [
    "<script>window.ran = 1</script>",
    "<img src=x onerror=window.ran=1>",
    """\'"><svg onload=window.ran=1>""",
    "{{constructor.constructor('window.ran=1')()}}",
    "javascript:window.ran=1",
]
ALL = " ".join(SCRIPTS)
FILE_NAMES = [f"{text.replace('/', '∕')}.jpg" for text in SCRIPTS]


def drop(page, where, path, name):
    page.dispatch_event(where, "drop", {"dataTransfer": as_file(page, path, name)})


@pytest.fixture(scope="module")
def url_of_hostile(tmp_path_factory):
    """The address of a service whose model and folder are full of markup."""
    folder = tmp_path_factory.mktemp("hostile")
    manifest = fakes.make_bundle(folder, "tiny") / "manifest.json"
    told = json.loads(manifest.read_text())
    told["card"] = dict.fromkeys(told["card"], ALL)
    told["accuracy"]["protocol"] = ALL
    told["provenance"] |= dict.fromkeys(("data", "command", "git_revision"), ALL)
    manifest.write_text(json.dumps(told))
    (folder / SCRIPTS[1]).mkdir()
    (folder / SCRIPTS[1] / "manifest.json").write_text(json.dumps({"name": SCRIPTS[0]}))
    with server(folder) as (_, client):
        yield str(client.base_url)


@pytest.fixture
def hostile(opened, url_of_hostile):
    page = opened(url_of_hostile)
    page.wait_for_selector("#model:not([disabled])")
    return page


def check(page):
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main svg[onload], main img[onerror]").count() == 0


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_file_name_is_text_beside_two_images(page, name):
    drop(page, "#slots .slot >> nth=0", ANN, name)
    drop(page, "#slots .slot >> nth=1", ANN_AGAIN, name)
    verdict(page)
    command = shlex.split(page.locator(".command code").inner_text().replace("\\\n", " "))
    assert any(word.startswith("image1=@") and "window.ran" in word for word in command)
    check(page)


def test_file_names_are_text_among_many_images(page):
    page.get_by_role("link", name="Many images").click()
    for name in FILE_NAMES:
        drop(page, "#crowd", ANN, name)
    page.wait_for_selector("table.heat")
    shown = page.locator(".crowd img").evaluate_all("(found) => found.map((img) => img.alt)")
    assert shown == FILE_NAMES
    check(page)


def test_the_name_of_a_broken_file_is_text(opened, shipped, tmp_path):
    page = opened(shipped, ignored=["415", "422"])
    page.wait_for_selector("#model:not([disabled])")
    (tmp_path / "no.jpg").write_bytes(b"this is no image")
    drop(page, "#slots .slot >> nth=0", tmp_path / "no.jpg", FILE_NAMES[1])
    page.wait_for_selector(".no-picture")
    assert page.locator(".no-picture").inner_text() == FILE_NAMES[1]
    check(page)


def test_the_card_of_an_adopted_encoder_says_that_its_training_is_unknown(opened, tmp_path):
    fakes.make_bundle(tmp_path, "tiny", **fakes.adopted(licence=SCRIPTS[0], training_data=ALL))
    with server(tmp_path) as (_, client):
        page = opened(str(client.base_url))
        page.wait_for_selector("#model:not([disabled])")
        page.get_by_role("link", name="Models").click()
        page.wait_for_selector(".card")
        page.get_by_text("Where it comes from").click()
        text = " ".join(page.locator("#cards").inner_text().split())
        assert "trained on identities that it was measured on is not known" in text
        assert "not seen in calibration, with 95 % interval" in text
        assert "seen in training" not in text
        assert SCRIPTS[0] in text
        assert ALL in text
        check(page)
        page.close()  # Before the service, which it may still be asking.


def test_a_card_and_a_refused_folder_are_text(hostile):
    hostile.get_by_role("link", name="Models").click()
    hostile.wait_for_selector(".card")
    hostile.get_by_text("Where it comes from").click()
    text = " ".join(hostile.locator("#cards").inner_text().split())
    assert text.count(ALL) >= 6
    assert f"{SCRIPTS[1]} is in the models folder and was refused" in text
    check(hostile)


def test_a_model_with_a_hostile_card_is_compared_by(hostile):
    choose(hostile, ANN, ANN_AGAIN)
    verdict(hostile)
    check(hostile)


def test_the_page_of_the_api_works_under_its_policy(opened, shipped):
    page = opened(f"{shipped}/docs")
    page.get_by_text("/readyz").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()


def test_the_page_of_the_api_takes_no_document_from_its_address(opened, shipped):
    page = opened(
        f"{shipped}/docs?url=https://example.org/evil.json&configUrl=https://example.org/"
    )
    page.get_by_text("/readyz").first.wait_for()


def test_neither_page_runs_a_script_that_was_added(opened, shipped):
    for path in ("/", "/docs"):
        page = opened(f"{shipped}{path}", ignored=["Content Security Policy", "violates"])
        page.evaluate(
            """() => { const s = document.createElement("script"); s.textContent = "window.ran = 1";
            document.body.append(s); }"""
        )
        assert page.evaluate("window.ran") is None, path
