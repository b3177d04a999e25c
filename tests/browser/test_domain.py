"""The page says of which images no error rates apply."""

import re

import pytest

from tests import fakes
from tests.browser.pictures import ANN, choose, module, verdict
from tests.domains import make_bundle_with_domain
from tests.servers import server


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    make_bundle_with_domain(folder)
    with server(folder) as (_, client):
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def usual(tmp_path):
    """Two images that are in the domain."""
    paths = [tmp_path / f"usual-{take}.png" for take in (0, 1)]
    for take, path in enumerate(paths):
        path.write_bytes(fakes.photo(3, take))
    return paths


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_no_rates_apply_nothing_is_bold_and_no_rate_is_named(opened, url, usual, scheme):
    page = opened(url, color_scheme=scheme, viewport={"width": 390, "height": 800})
    page.wait_for_selector("#model:not([disabled])")
    choose(page, ANN, usual[0])
    assert verdict(page) == "No rates apply"
    weight = page.evaluate("getComputedStyle(document.querySelector('.badge')).fontWeight")
    assert int(weight) <= 400
    told = page.locator("#verdict").inner_text()
    assert "By its energy alone this pair would be called different" in told
    assert re.search(r"than 99 % of the calibration images: the first image \(\d+", told)
    assert "the second image" not in told
    assert "pairs of" not in told
    assert "likelier" not in told
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#fmr").fill("0")
    assert verdict(page) == "No rates apply"
    assert "this rate does not apply" in page.locator(".slider output").inner_text()


def test_images_in_the_domain_have_rates_and_a_small_note(opened, url, usual):
    page = opened(url)
    page.wait_for_selector("#model:not([disabled])")
    choose(page, *usual)
    assert verdict(page).startswith(("Same", "Different"))
    assert "pairs of different things" in page.locator("#verdict").inner_text()
    note = page.locator(".hint.domain").inner_text()
    assert re.search(r"of these, [\d.]+ % and [\d.]+ % are less unusual than yours", note)


def test_costs_decide_nothing_where_no_rates_apply(opened, url, usual):
    page = opened(url)
    page.wait_for_selector("#model:not([disabled])")
    choose(page, ANN, usual[0])
    verdict(page)
    page.get_by_text("What does a mistake cost you?").click()
    page.get_by_role("button", name="Decide by these costs").click()
    page.wait_for_selector(".badge.unsure")
    assert "No likelihood ratio applies" in page.locator(".sentence").inner_text()
    assert page.locator("#verdict svg line.threshold").count() == 0


def test_unusual_images_among_many_are_named(opened, url, usual):
    page = opened(f"{url}/#many")
    page.wait_for_selector("#model:not([disabled])")
    page.set_input_files("#several", [*usual, ANN])
    page.wait_for_selector("table.heat")
    assert "3, ann-1.jpg (" in page.locator("#crowd .notice.domain").inner_text()
    page.get_by_role("button", name="Remove 3, ann-1.jpg").click()
    page.get_by_role("heading", name="group").wait_for()
    assert page.locator("#crowd .notice.domain").count() == 0


def test_an_unknown_domain_is_a_small_note(page):
    unknown = {"status": "unknown", "percentile": None, "reason": "the bundle has no domain check"}
    found = module(page, "words.js", "m.likeness(given)", unknown)
    assert found.endswith("has not been checked: the bundle has no domain check.")


def test_images_are_named_as_the_page_names_them(page):
    reason = "more unusual than 99 % of the calibration images: image[1] (99.9 %), image2 (100 %)"
    found = module(page, "words.js", "m.unlike(...given)", [{"reason": reason}, ["A", "B"]])
    assert found.endswith("calibration images: B (99.9 %), B (100 %).")
