import json
import re
import shlex
import subprocess

import httpx2
import pytest

from model.scoring import rates_at
from tests import fakes
from tests.browser.pictures import (
    ANN,
    ANN_AGAIN,
    BEN,
    SIGN,
    as_file,
    choose,
    module,
    until,
    verdict,
)
from tests.servers import server


def energy_of(url, one, other, **fields):
    files = {"image1": one.read_bytes(), "image2": other.read_bytes()}
    answer = httpx2.post(f"{url}/verify", files=files, data=fields, trust_env=False)
    return answer.json()


def shown_energy(page):
    return float(page.locator(".energy strong").inner_text())


def test_two_chosen_images_get_the_energy_and_decision_of_the_service(page, shipped):
    choose(page, ANN, BEN)
    assert verdict(page) == "Different"
    expected = energy_of(shipped, ANN, BEN)
    assert not expected["same"]
    assert shown_energy(page) == pytest.approx(expected["energy"], rel=1e-3)


def test_what_the_decision_is_worth_stands_in_plain_words(page):
    choose(page, ANN, ANN_AGAIN)
    assert verdict(page) == "Same"
    sentence = page.locator(".sentence").inner_text()
    assert "Of 1,000 pairs of different things, about 10 (10 to 11) come as close" in sentence
    choose(page, ANN, BEN)
    page.wait_for_selector(".badge.different")
    assert (
        "Of 100 pairs of the same thing, about 13 (11 to 15)"
        in page.locator(".sentence").inner_text()
    )


def test_images_may_be_dropped_and_pasted(page):
    page.dispatch_event("#slots .slot >> nth=0", "drop", {"dataTransfer": as_file(page, ANN)})
    page.wait_for_selector("#slots .slot >> nth=0 >> .seen")
    transfer = as_file(page, ANN_AGAIN)
    page.evaluate(
        "(data) => dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }))", transfer
    )
    assert verdict(page) == "Same"


def test_an_example_is_one_click(page):
    page.get_by_role("button", name="Ann and Ben").click()
    assert verdict(page) == "Different"
    page.get_by_role("button", name="Ann twice").click()
    page.wait_for_selector(".badge:not(.different)")


def test_both_are_shown_as_the_encoder_sees_them(page):
    choose(page, ANN, BEN)
    verdict(page)
    until(page, "document.querySelectorAll('.seen img').length === 2")
    sizes = page.eval_on_selector_all(
        ".seen img", "(found) => found.map((img) => [img.naturalWidth, img.naturalHeight])"
    )
    assert sizes == [[112, 112], [112, 112]]
    page.select_option("#model", "att-chopra")
    until(page, "document.querySelector('.seen img')?.naturalWidth === 46")


def test_at_every_step_of_the_slider_the_page_and_the_service_decide_alike(page, shipped):
    choose(page, ANN, BEN)
    verdict(page)
    seen = set()
    for step, fmr in enumerate((0.1, 0.05, 0.01, 0.001, 0.0001)):
        page.locator("#fmr").fill(str(step))
        expected = energy_of(shipped, ANN, BEN, fmr=str(fmr))
        assert page.locator(".badge").inner_text().startswith("Same") is expected["same"], fmr
        assert f"-F fmr={fmr}" in page.locator(".command code").inner_text()
        assert page.locator("#fmr").get_attribute("aria-valuetext").startswith(f"{100 * fmr:g} %")
        seen.add(expected["same"])
    assert seen == {True, False}


def test_a_decision_near_the_threshold_is_not_a_bold_one(page, shipped):
    choose(page, ANN, BEN)
    assert verdict(page) == "Different"
    weight = "getComputedStyle(document.querySelector('.badge')).fontWeight"
    assert int(page.evaluate(weight)) >= 700
    page.locator("#fmr").fill("1")
    expected = energy_of(shipped, ANN, BEN, fmr="0.05")
    assert page.locator(".badge").inner_text() == "Same, but only just"
    assert int(page.evaluate(weight)) <= 400
    gap = expected["threshold"] - expected["energy"]
    assert f"{gap:.2g} below the threshold of 1.222" in page.locator(".energy").inner_text()
    assert page.locator("#verdict svg rect.gap").count() == 1
    told = page.locator(".margin").inner_text()
    assert "With half the false match rate (2.6 %)" in told
    other = float(re.search(r"threshold would be (1\.\d+)", told)[1])
    fields = {"threshold": str(other)}
    stricter = energy_of(shipped, ANN, BEN, **fields)
    assert not stricter["same"]
    rates = [answer["operating_point"]["fmr"] for answer in (stricter, expected)]
    assert rates[0] == pytest.approx(rates[1] / 2, rel=1e-2)


@pytest.mark.parametrize("energy", [0.05, 0.3, 0.34, 0.35, 0.4, 0.46, 0.5, 0.7, 1.9])
def test_only_just_means_that_half_or_twice_the_rate_would_decide_otherwise(page, energy):
    manifest = fakes.make_manifest(b"g", golden=(0.0,) * fakes.DIM)
    point = manifest.calibration.operating_points[1]
    curve = manifest.accuracy.curve
    found = module(
        page,
        "words.js",
        "m.byThreshold(...given)",
        [energy, point.model_dump(), curve.model_dump()],
    )
    same, fmr = energy <= point.threshold, rates_at(curve, energy).fmr
    assert found["kind"] == ("same" if same else "different")
    assert found["near"] is (fmr > point.test.fmr / 2 if same else fmr < 2 * point.test.fmr)


def test_costs_make_a_third_outcome_with_its_zone_and_the_same_call_in_a_shell(page, shipped):
    choose(page, ANN, BEN)
    verdict(page)
    page.get_by_text("What does a mistake cost you?").click()
    page.get_by_label("Calling different things the same costs").fill("200")
    page.get_by_role("button", name="Decide by these costs").click()
    page.wait_for_selector(".badge.unsure")
    costs = {"cost_false_match": "200", "cost_false_non_match": "10", "prior": "0.5"}
    expected = energy_of(shipped, ANN, BEN, **costs)
    assert expected["decision"] == "unsure"
    assert verdict(page) == "Unsure"
    label = page.locator("#verdict svg.plot").get_attribute("aria-label")
    for limit in ("low", "high"):
        assert f"{expected['zone'][limit]:.4g}" in label
    assert page.locator("#verdict svg rect.zone").count() == 1
    assert page.locator("#fmr").count() == 0
    command = page.locator(".command code").inner_text()
    assert all(f"-F {name}={value}" in command for name, value in costs.items())
    page.get_by_role("button", name="Decide by a threshold").click()
    page.wait_for_selector(".badge.different")
    assert page.locator("#fmr").count() == 1


def test_costs_that_the_data_does_not_support_are_told(page):
    choose(page, ANN, ANN_AGAIN)
    verdict(page)
    page.get_by_text("What does a mistake cost you?").click()
    page.get_by_label("Calling different things the same costs").fill("10000000")
    page.get_by_role("button", name="Decide by these costs").click()
    page.wait_for_selector(".badge.unsure")
    assert "No pair is same: at these costs" in page.locator(".margin").inner_text()


def test_moving_the_slider_sends_nothing(page):
    choose(page, ANN, BEN)
    verdict(page)
    until(page, "document.querySelectorAll('.seen img').length === 2")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#fmr").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(".badge:not(.different)")
    # A blob: is the page's own memory; a picture may still be read out of it.
    assert [url for url in asked if not url.startswith("blob:")] == []


def test_the_threshold_and_the_energy_stand_on_the_histogram(page):
    choose(page, ANN, BEN)
    verdict(page)
    label = page.locator("#verdict svg.plot").get_attribute("aria-label")
    assert "threshold is 1.12" in label
    assert "This pair has 1.2" in label
    assert page.locator("#verdict svg.plot path.genuine").count() == 1
    assert page.locator("#verdict svg.plot path.impostor").count() == 1


def test_the_curl_that_is_shown_gives_the_same_energy_in_a_shell(page, tmp_path):
    odd = tmp_path / 'a b\'s;"photo".jpg'
    odd.write_bytes(ANN.read_bytes())
    (tmp_path / BEN.name).write_bytes(BEN.read_bytes())
    choose(page, odd, tmp_path / BEN.name)
    verdict(page)
    command = page.locator(".command code").inner_text()
    done = subprocess.run(  # noqa: S602 (the very words that the page shows)
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    answer = json.loads(done.stdout)
    assert answer["energy"] == pytest.approx(shown_energy(page), rel=1e-3)
    assert answer["operating_point"]["target_fmr"] == 0.01
    assert shlex.split(command)[0] == "curl"


def test_a_broken_image_is_told_beside_it_and_the_other_one_stays(opened, shipped, tmp_path):
    page = opened(shipped, ignored=["422", "415"])
    page.wait_for_selector("#model:not([disabled])")
    broken = tmp_path / "cut.jpg"
    broken.write_bytes(BEN.read_bytes()[:600])
    choose(page, ANN, broken)
    page.wait_for_selector("#slots .slot >> nth=1 >> .error:not(:empty)")
    assert "damaged or cut short" in page.locator("#slots .slot >> nth=1").inner_text()
    assert page.locator("#slots .slot >> nth=0 >> img").count() >= 1
    assert not page.locator(".badge").is_visible()
    page.set_input_files("#second-image", ANN_AGAIN)
    assert verdict(page) == "Same"
    assert page.locator("#slots .error:not(:empty)").count() == 0


def test_a_service_that_is_gone_is_told_and_the_images_stay(opened, shipped):
    page = opened(shipped, ignored=["net::ERR_FAILED"])
    page.wait_for_selector("#model:not([disabled])")
    choose(page, ANN, ANN_AGAIN)
    verdict(page)
    page.route("**/verify", lambda route: route.abort())
    page.select_option("#model", "att-chopra")
    page.get_by_text("The service cannot be reached").first.wait_for()
    page.unroute("**/verify")
    page.locator("#verdict").get_by_role("button", name="Try again").click()
    page.wait_for_selector(".badge")


def test_a_busy_service_is_asked_again_after_the_time_that_it_says(opened, shipped):
    page = opened(shipped, ignored=["503"])
    page.wait_for_selector("#model:not([disabled])")
    asked = []

    def busy_at_first(route):
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
            return
        route.fulfill(status=503, headers={"Retry-After": "1"}, json={"title": "busy"})

    page.route("**/verify", busy_at_first)
    choose(page, ANN, ANN_AGAIN)
    assert verdict(page) == "Same"
    assert len(asked) == 2


def test_a_sign_model_offers_signs_to_draw_and_faces_do_not(page):
    assert not page.get_by_role("button", name="Draw").first.is_visible()
    page.select_option("#model", "omniglot")
    page.get_by_role("button", name="One sign twice").click()
    assert verdict(page) == "Same"
    page.get_by_role("button", name="Two signs").click()
    page.wait_for_selector(".badge.different")


def draw(page, slot, points):
    page.locator("#slots .slot").nth(slot).get_by_role("button", name="Draw").click()
    canvas = page.locator("#slots .slot").nth(slot).locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()


def test_two_signs_drawn_by_hand_are_compared(page):
    page.select_option("#model", "omniglot")
    page.get_by_role("button", name="Two signs").wait_for()
    hook = [(60, 40), (62, 160), (150, 165)]
    draw(page, 0, hook)
    draw(page, 1, [(x + 3, y - 4) for x, y in hook])
    assert verdict(page) == "Same"
    page.locator("#slots .slot").nth(1).get_by_role("button", name="Clear").click()
    page.wait_for_selector("#verdict", state="hidden")
    draw_on = page.locator("#slots .slot").nth(1).locator("canvas")
    box = draw_on.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 30)
    page.mouse.down()
    for x, y in [(40, 100), (100, 180), (170, 100), (100, 30)]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()
    page.wait_for_selector(".badge.different")


def test_a_sign_is_drawn_by_keys_too(page):
    page.select_option("#model", "omniglot")
    page.get_by_role("button", name="Two signs").wait_for()
    page.set_input_files("#second-image", SIGN)
    page.locator("#slots .slot").nth(0).get_by_role("button", name="Draw").click()
    page.keyboard.press(" ")
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
        for _ in range(6):
            page.keyboard.press(key)
    page.keyboard.press(" ")
    verdict(page)
    assert page.locator("#slots .slot >> nth=0 >> .seen img").count() == 1


def test_the_whole_way_can_be_gone_by_keys(page):
    names = []
    for _ in range(14):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "(document.activeElement.id || document.activeElement.textContent).trim()"
            )
        )
    for wanted in ("model", "first-image", "second-image", "Ann twice"):
        assert wanted in names
    page.get_by_role("button", name="Ann twice").focus()
    page.keyboard.press("Enter")
    assert verdict(page) == "Same"


def test_what_happens_is_said_to_a_screen_reader(page):
    choose(page, ANN, ANN_AGAIN)
    verdict(page)
    until(page, "document.getElementById('said').textContent.startsWith('Same. Of')")


@pytest.mark.parametrize(
    ("ratio", "kind", "words"),
    [
        (51712.0, "same", "at least 52,000 times likelier for the same thing"),
        (5.6, "different", "stricter than even odds"),
        (0.01, "different", "about 100 times likelier for different things"),
        (0.5, "same", "looser than even odds"),
        (1.0, "unsure", "as likely for the same thing as for different ones"),
    ],
)
def test_a_likelihood_ratio_in_words(page, ratio, kind, words):
    bounds = {"log10_min": -2.25, "log10_max": 4.7135913}
    found = module(page, "words.js", "m.likelihood(...given)", [ratio, bounds, kind])
    assert words in found


@pytest.mark.parametrize(
    ("ratio", "interval", "words"),
    [
        (40.0, [12.0, 133.0], "about 40 times (12 to 130) likelier for the same thing"),
        (0.01, [0.002, 0.05], "about 100 times (20 to 500) likelier for different things"),
        (1000.0, [310.0, 1000.0], "about 1,000 times (310 or more) likelier for the same thing"),
        (0.001, [0.001, 0.004], "about 1,000 times (250 or more) likelier for different things"),
    ],
)
def test_the_interval_of_a_likelihood_ratio_in_words(page, ratio, interval, words):
    bounds = {"log10_min": -3, "log10_max": 3}
    given = [ratio, bounds, "unsure", interval]
    assert words in module(page, "words.js", "m.likelihood(...given)", given)


@pytest.mark.parametrize(
    ("rate", "text"), [(0.0991, "9.9 %"), (0.321, "32 %"), (0.00005, "0.005 %"), (0, "0 %")]
)
def test_rates_have_two_digits_that_count(page, rate, text):
    assert module(page, "words.js", "m.percent(given)", rate) == text


def test_no_text_of_the_page_names_a_null(page):
    choose(page, ANN, BEN)
    verdict(page)
    assert not re.search(r"\b(null|undefined|NaN)\b", page.inner_text("body"))


POINTS = [
    {"target_fmr": 0.1, "supported": False},
    {"target_fmr": 0.01, "supported": False},
    {"target_fmr": None, "supported": True},
]


def test_where_few_people_vouch_for_no_target_the_equal_error_is_decided_by(page):
    few = {"operating_points": POINTS, "default": 2}
    assert module(page, "pair.js", "m.supported(given)", few) == [POINTS[2]]
    assert module(page, "pair.js", "m.defaultRate(given)", few) is None
    one = {"operating_points": [{**POINTS[0], "supported": True}, *POINTS[1:]], "default": 2}
    assert module(page, "pair.js", "m.defaultRate(given)", one) == 0.1


def test_a_model_of_few_people_is_decided_by_its_only_operating_point(opened, tmp_path):
    fakes.make_bundle(tmp_path, "tiny")
    manifest = tmp_path / "tiny" / "manifest.json"
    told = json.loads(manifest.read_text())
    for point in told["calibration"]["operating_points"]:
        point["supported"] = point["target_fmr"] is None
        point["independent_impostors"] = 20
    told["calibration"]["default"] = len(told["calibration"]["operating_points"]) - 1
    manifest.write_text(json.dumps(told))
    with server(tmp_path) as (_, client):
        page = opened(str(client.base_url))
        page.wait_for_selector("#model:not([disabled])")
        choose(page, ANN, BEN)
        verdict(page)
        assert "Where both errors are equal" in page.locator("#verdict").inner_text()
        assert "-F fmr" not in page.locator(".command code").inner_text()
        assert "Not offered: 10 %" in page.locator("#verdict").inner_text()
        page.close()  # Before the service, which it may still be asking.


def test_the_graph_of_an_answer_is_named_with_its_precision(page):
    choose(page, ANN, ANN_AGAIN)
    verdict(page)
    assert re.search(r", by faces [\d.]+ \(fp32\)$", page.locator(".energy").inner_text())
    unnamed = {"name": "tiny", "version": "1.0.0", "precision": None}
    assert module(page, "words.js", "m.modelName(given)", unnamed) == "tiny 1.0.0"
