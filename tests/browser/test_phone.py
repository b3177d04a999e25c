"""The page on a phone: nothing is wider than the screen, and no word tells of a mouse or keys."""

import re

import pytest
from PIL import Image

from tests.browser.pictures import ANN, EXAMPLES, choose, verdict

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LONG = "a-very-long-name-without-any-blank-" * 5
FACES = sorted(EXAMPLES.glob("*.jpg"))
NO_IMAGE = "not-an-image.jpg"


@pytest.fixture
def phone(opened, shipped):
    page = opened(shipped, ignored=["415", "422"], **PHONE)
    page.wait_for_selector("#model:not([disabled])")
    return page


def width_of(page):
    return page.evaluate("document.documentElement.scrollWidth")


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / NO_IMAGE
    path.write_bytes(b"this is no image")
    return path


@pytest.mark.parametrize("count", [2, 7, 8, 12, 13, 20, 32])
@pytest.mark.parametrize("width", [320, 390])
def test_many_images_fit_a_phone_however_many(opened, shipped, count, width):
    size = {"width": width, "height": 844}
    page = opened(f"{shipped}/#many", **PHONE | {"viewport": size})
    page.wait_for_selector("#model:not([disabled])")
    page.set_input_files("#several", [FACES[i % len(FACES)] for i in range(count)])
    page.wait_for_selector("table.heat")
    assert width_of(page) == width
    rows = page.locator("table.heat tbody tr").count()
    assert rows == count
    page.evaluate("document.querySelector('.scroll').scrollLeft = 9999")
    last = page.locator("table.heat thead th").last.bounding_box()
    assert last["x"] + last["width"] <= width, "the last column can be scrolled to"


def test_long_names_fit_a_phone(phone, wrong, tmp_path):
    one, other = tmp_path / f"{LONG}1.jpg", tmp_path / f"{LONG}2.jpg"
    for path in (one, other):
        path.write_bytes(ANN.read_bytes())
    odd = wrong.rename(tmp_path / f"{LONG}3.jpg")
    choose(phone, one, other)
    verdict(phone)
    assert width_of(phone) == 390
    choose(phone, one, odd)
    phone.wait_for_selector("#slots .slot.failed .no-picture")
    assert width_of(phone) == 390
    phone.get_by_role("link", name="Many images").click()
    phone.set_input_files("#several", [one, odd, other])
    phone.wait_for_selector("table.heat")
    phone.wait_for_selector(".crowd .no-picture")
    assert width_of(phone) == 390


def test_a_phone_is_told_neither_of_dropping_nor_of_keys(phone):
    words = re.compile(r"\b(drop|paste|ctrl|keys|arrow)", re.IGNORECASE)
    for link, view in (("Many images", "many"), ("Models", "models"), ("Two images", "pair")):
        phone.get_by_role("link", name=link).click()
        phone.locator(f"#{view}").wait_for()
        assert not words.search(phone.inner_text("body")), link
    assert "Photograph or choose two images" in phone.inner_text("#pair")
    assert phone.locator("#pair").get_by_text("Photograph", exact=True).count() == 2
    phone.select_option("#model", "omniglot")
    phone.get_by_role("button", name="Draw").first.click()
    phone.locator("canvas").wait_for()
    assert not words.search(phone.inner_text("body"))


def test_a_desk_is_told_of_dropping_and_not_of_a_camera(page):
    text = page.inner_text("body")
    assert "Drop, paste or choose two images" in text
    assert "Drop or paste an image here" in text
    assert "hotograph" not in text


def test_a_wrong_file_has_one_sentence_and_no_broken_picture(phone, wrong):
    choose(phone, ANN, wrong)
    slot = phone.locator("#slots .slot >> nth=1")
    slot.locator(".no-picture").wait_for()
    phone.wait_for_selector("#slots .slot.failed")
    assert slot.locator("img").count() == 0
    assert slot.locator(".no-picture").inner_text() == NO_IMAGE
    told = slot.locator(".error").inner_text()
    sentences = [part.strip().lower() for part in re.split(r"[.;:]", told) if part.strip()]
    assert len(set(sentences)) == len(sentences), told
    assert told.lower().count("not an image") <= 1
    assert "image2" not in told
    assert phone.inner_text("main").count(told) == 1


def test_a_wrong_file_among_many_has_no_broken_picture(phone, wrong):
    phone.get_by_role("link", name="Many images").click()
    phone.set_input_files("#several", [ANN, wrong, EXAMPLES / "ann-2.jpg"])
    phone.locator(".crowd .no-picture", has_text=NO_IMAGE).wait_for()
    phone.wait_for_selector("table.heat")
    assert phone.locator(".crowd li.failed img").count() == 0


def test_a_picture_that_only_the_service_can_read_has_its_name_in_its_place(phone, tmp_path):
    path = tmp_path / "scan.tiff"
    Image.open(ANN).save(path)
    choose(phone, path, ANN)
    assert verdict(phone) == "Same"
    phone.locator("#slots .slot >> nth=0 >> .no-picture", has_text="scan.tiff").wait_for()
    phone.get_by_role("link", name="Many images").click()
    phone.set_input_files("#several", [ANN, path])
    phone.locator(".groups .no-picture").wait_for()
    broken = "[...document.images].filter((img) => img.complete && !img.naturalWidth).length"
    assert phone.evaluate(broken) == 0
    assert phone.locator("svg.plot image").count() == 1


@pytest.mark.parametrize(
    ("title", "detail", "heading", "sentence"),
    [
        (
            "Not an image",
            "image2: this is not an image; send a JPEG",
            None,
            "This is not an image; send a JPEG",
        ),
        ("Image damaged", "image: cut short", "Image damaged. ", "Cut short"),
        ("Too large", "image[3]: 90 MB; at most 60", "Too large. ", "90 MB; at most 60"),
    ],
)
def test_an_error_says_each_thing_once(page, title, detail, heading, sentence):
    root = page.evaluate("document.documentElement.dataset.root")
    told = page.evaluate(
        f"async (given) => (await import('{root}/page/words.js')).explained(given)",
        {"title": title, "detail": detail},
    )
    assert told == {"heading": heading, "sentence": sentence}
