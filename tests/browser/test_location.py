"""The page draws what was located, shows the crop, and lets the user choose among several."""

import io

import httpx2
import numpy as np
import pytest
from PIL import Image

from tests import fakes, locators
from tests.browser.pictures import choose, until, verdict
from tests.locators import file_of, mark, picture
from tests.servers import server

TRUE = mark(150, 110, 50, 20)
SIZE = (320, 240)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    locators.with_locator(fakes.make_bundle(folder))
    with server(folder) as (_, client):
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    turned = picture(SIZE, TRUE)
    exif = turned.getexif()
    exif[0x0112] = 6
    (folder / "one.jpg").write_bytes(file_of(turned, "JPEG", quality=95, exif=exif))
    crowd = picture(SIZE, TRUE, mark(260, 180, 25))
    (folder / "crowd.png").write_bytes(file_of(crowd))
    (folder / "nothing.png").write_bytes(file_of(picture(SIZE)))
    return folder


@pytest.fixture
def page(opened, url):
    page = opened(url, ignored=("422",))
    page.wait_for_selector("#model:not([disabled])")
    return page


def corners_of(page, slot):
    text = page.locator(f"#slots .slot >> nth={slot} >> .located polygon").get_attribute("points")
    return np.array([pair.split(",") for pair in text.split()], float)


def test_the_square_stands_on_the_picture_and_the_crop_beside_it(page, files, url):
    choose(page, files / "one.jpg", files / "one.jpg")
    verdict(page)
    upright = mark(240 - TRUE.y, TRUE.x, 50, 110)
    assert np.abs(corners_of(page, 0) - np.array(upright.corners)).max() < 5
    drawn, image = (
        page.locator(f"#slots .slot >> nth=0 >> {name}").bounding_box()
        for name in (".located", "figure:not(.seen) img")
    )
    assert drawn == image
    until(page, "document.querySelectorAll('.seen img').length === 2")
    seen = page.locator(".seen img >> nth=0").screenshot()
    shown = np.asarray(Image.open(io.BytesIO(seen)).convert("L"), float)
    left, right = np.array_split(shown, 2, axis=1)
    assert left.mean() + 30 < right.mean()  # Red, then green: upright.
    sent = {f"image{i}": (files / "one.jpg").read_bytes() for i in (1, 2)}
    answer = httpx2.post(f"{url}/verify", files=sent, trust_env=False).json()
    assert np.abs(corners_of(page, 1) - np.array(answer["located"][1]["corners"])).max() < 0.01


def test_of_several_things_the_user_chooses_one(page, files):
    choose(page, files / "crowd.png", files / "one.jpg")
    button = page.get_by_role("button", name="Take the largest")
    button.click()
    verdict(page)
    assert np.abs(corners_of(page, 0) - np.array(TRUE.corners)).max() < 5
    assert "-F face=largest" in page.locator(".command code").inner_text()
    choose(page, files / "nothing.png")
    said = "document.querySelector('.slot .error').textContent"
    until(page, f"{said}.includes('Nothing is located')")
    assert page.locator(".located").count() == 0
