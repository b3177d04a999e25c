import json

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from app.keys.entries import make_key
from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle
from tests import fakes
from tests.browser.pictures import ANN, ANN_AGAIN, BEN, choose, until, verdict
from tests.servers import server

GRAVE = {"serious", "critical"}
LOOKS = [("light", 1180), ("dark", 1180), ("light", 360), ("dark", 390)]


def findings(page):
    """What axe-core has to say; its script goes in beside the page's own policy."""
    session = page.context.new_cdp_session(page)
    # What is fading in has little contrast.
    page.evaluate(
        "Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)))"
    )
    session.send("Runtime.evaluate", {"expression": AXE_SCRIPT})
    told = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run().then((found) => JSON.stringify(found.violations))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    found = json.loads(told["result"]["value"])
    return [(f["id"], f["nodes"][0]["html"][:120]) for f in found if f["impact"] in GRAVE]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_serious_in_any_view(opened, shipped, scheme, width):
    size = {"width": width, "height": 900}
    page = opened(shipped, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page.wait_for_selector("#model:not([disabled])")
    assert findings(page) == []
    choose(page, ANN, BEN)
    verdict(page)
    until(page, "document.querySelectorAll('.seen img').length === 2")
    page.get_by_text("What does a mistake cost you?").click()
    page.get_by_role("button", name="Decide by these costs").click()
    page.wait_for_selector(".badge.unsure")
    assert findings(page) == []
    page.get_by_role("button", name="Decide by a threshold").click()
    page.get_by_role("link", name="Many images").click()
    page.get_by_role("button", name="Try the examples").click()
    page.wait_for_selector("table.heat")
    assert findings(page) == []
    page.get_by_role("link", name="Models").click()
    page.wait_for_selector(".card")
    assert findings(page) == []
    page.get_by_role("link", name="Two images").click()
    page.select_option("#model", "omniglot")
    page.get_by_role("button", name="Draw").first.click()
    assert findings(page) == []


def test_axe_finds_nothing_serious_where_something_is_wrong(opened, shipped, tmp_path):
    page = opened(shipped, ignored=["415"])
    page.wait_for_selector("#model:not([disabled])")
    (tmp_path / "no.jpg").write_bytes(b"this is no image")
    choose(page, ANN, tmp_path / "no.jpg")
    page.wait_for_selector("#slots .slot.failed")
    assert findings(page) == []


@pytest.mark.parametrize("width", [360, 390, 768, 1180])
def test_nothing_is_wider_than_the_screen(opened, shipped, width):
    page = opened(shipped, viewport={"width": width, "height": 800})
    page.wait_for_selector("#model:not([disabled])")
    choose(page, ANN, ANN_AGAIN)
    verdict(page)
    for link in ("Two images", "Many images", "Models"):
        page.get_by_role("link", name=link).click()
        if link == "Many images":
            page.get_by_role("button", name="Try the examples").click()
            page.wait_for_selector("table.heat")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, link


@pytest.mark.parametrize("name", ["faces", "att-chopra", "omniglot"])
def test_a_card_says_what_the_manifest_says(page, name):
    manifest = open_bundle(SHIPPED_BUNDLES / name).manifest
    page.get_by_role("link", name="Models").click()
    card = page.get_by_role("article", name=f"{name} {manifest.version}")
    card.wait_for()
    text = card.inner_text()
    for sentence in (manifest.card.summary, manifest.card.not_for, manifest.card.data_licence):
        assert sentence in text
    assert f"{manifest.accuracy.sample.impostor_pairs:,} impostor pairs" in text
    assert card.locator("table.rates tbody tr").count() == 6
    assert card.locator("svg.plot").count() == 2
    card.get_by_text("Where it comes from").click()
    assert manifest.onnx.sha256 in card.inner_text()
    assert manifest.onnx.precision in card.inner_text()


def test_the_default_model_stands_first(page):
    page.get_by_role("link", name="Models").click()
    page.wait_for_selector(".card")
    assert page.locator(".card h2").first.inner_text().startswith("faces")


def test_under_a_prefix_it_works_as_elsewhere(opened):
    with server(SHIPPED_BUNDLES, DEFAULT_MODEL="faces", ROOT_PATH="/likewise") as (_, client):
        page = opened(f"{str(client.base_url).rstrip('/')}/likewise/")
        page.wait_for_selector("#model:not([disabled])")
        page.get_by_role("button", name="Ann twice").click()
        assert verdict(page) == "Same"
        assert "/likewise/verify" in page.locator(".command code").inner_text()
        page.close()  # Before the service, which it may still be asking.


def test_where_keys_are_asked_for_the_page_asks_for_one(opened, tmp_path, models_dir):
    key, entry = make_key("shop")
    (tmp_path / "keys.txt").write_text(f"{entry.line}\n")
    with server(models_dir, API_KEYS_FILE=tmp_path / "keys.txt") as (_, client):
        page = opened(str(client.base_url), ignored=["401"])
        field = page.get_by_label("API key", exact=True)
        field.fill("wrong")
        page.get_by_role("button", name="Use it").click()
        page.get_by_text("not one that this service knows").wait_for()
        field.fill(key)
        page.get_by_role("button", name="Use it").click()
        page.wait_for_selector("#model:not([disabled])")
        expect(field).to_be_hidden()
        choose(page, ANN, ANN_AGAIN)
        verdict(page)
        shown = page.locator(".command code").inner_text()
        assert "X-API-Key: YOUR-KEY" in shown
        assert key not in page.content()
        assert page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })") == "{}"
        page.close()  # Before the service, which it may still be asking.


def test_codes_and_pair_models_are_served_by_the_page_too(opened, tmp_path):
    fakes.make_bundle(tmp_path, "tiny")
    fakes.make_bundle(tmp_path, "tiny-codes", fakes.Kind.CODES)
    fakes.make_pair_bundle(tmp_path)
    with server(tmp_path) as (_, client):
        page = opened(str(client.base_url))
        page.wait_for_selector("#model:not([disabled])")
        choose(page, ANN, ANN_AGAIN)
        for name in ("tiny-codes", "pair"):
            page.select_option("#model", name)
            page.get_by_text(f"by {name}").wait_for()
        page.get_by_role("link", name="Many images").click()
        page.get_by_text("compares two images at a time and has no embeddings").wait_for()
        page.select_option("#model", "tiny-codes")
        page.get_by_role("button", name="Try the examples").click()
        page.wait_for_selector("table.heat")
        page.close()  # Before the service, which it may still be asking.


def test_switched_off_there_is_no_page(chromium, models_dir):
    with server(models_dir, PLAYGROUND="false") as (_, client):
        page = chromium.new_page()
        answer = page.goto(str(client.base_url))
        assert answer.status == 404
        page.close()


def test_a_service_that_starts_is_told_and_asked_again(opened, shipped):
    page = opened(f"{shipped}/docs", ignored=["net::ERR_FAILED"])
    page.route("**/models", lambda route: route.abort())
    page.goto(shipped)
    page.get_by_text("The service cannot be reached").wait_for()
    page.unroute("**/models")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#model:not([disabled])")
