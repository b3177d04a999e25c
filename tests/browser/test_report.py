"""The report of an evaluation in a real browser, from its file."""

import pytest

from model.bundle import open_bundle
from tests import domains, fakes
from tests.browser.test_page import findings
from training.data.labels import ImageLabels
from training.data.readers.folder import read_folder
from training.evaluation.evaluate import evaluate
from training.report.page import write_report

LONG = "a-very-long-name-without-any-blank-" * 4


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The address of a report that has everything that a report may have."""
    root = tmp_path_factory.mktemp("report")
    bundle = open_bundle(domains.make_bundle_with_domain(root))
    for i in range(12):
        folder = root / "data" / f"{LONG}{i:02d}"
        folder.mkdir(parents=True)
        for take in range(4):
            fakes.image_of(i, take).save(folder / f"{take}.png")
    images = read_folder(root / "data")
    names = [image.name for image in images]
    light = dict(zip(names, ["bright", LONG[:100]] * 24, strict=True))
    write_report(evaluate(bundle, images, labels=ImageLabels({"light": light})), root / "report")
    return (root / "report" / "report.html").as_uri()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1180), ("dark", 360)])
def test_the_report_is_readable(opened, report, scheme, width):
    asked = []
    page = opened("about:blank", color_scheme=scheme, viewport={"width": width, "height": 800})
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report)
    assert page.locator("svg").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    images = "[...document.images].every((img) => img.complete && img.naturalWidth > 0)"
    assert page.evaluate(f"document.images.length > 0 && {images}")
    assert findings(page) == []
    assert {url for url in asked if not url.startswith("data:")} == {report}
    ink = page.evaluate("getComputedStyle(document.querySelector('svg text')).fill")
    red = int(ink.split("(")[1].split(",")[0])
    assert (red > 128) is (scheme == "dark"), "the plots' text is light on dark"


def test_the_report_is_printed_dark_on_light_and_fits_the_paper(opened, report):
    width = 718  # Pixels of A4 within its margins.
    page = opened("about:blank", color_scheme="dark", viewport={"width": width, "height": 1000})
    page.goto(report)
    page.emulate_media(media="print")
    style = "getComputedStyle(document.body)"
    assert page.evaluate(f"[{style}.color, {style}.backgroundColor]") == [
        "rgb(28, 31, 35)",
        "rgb(255, 255, 255)",
    ]
    tables = "[...document.querySelectorAll('.scroll')]"
    assert page.evaluate(f"{tables}.every((each) => each.scrollWidth <= each.clientWidth)")
