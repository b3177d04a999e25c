import io
from pathlib import Path

import numpy as np
import pytest
from likewise_client.errors import UnusableImage
from likewise_client.images import refuse_one_image, to_file
from PIL import Image

from tests import fakes

PHOTO = fakes.photo(1)


def decoded(image):
    return np.asarray(Image.open(io.BytesIO(to_file(image).payload)))


def test_what_is_a_file_already_is_sent_as_it_stands(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(PHOTO)
    with path.open("rb") as opened:
        sent = [to_file(image) for image in (path, str(path), PHOTO, bytearray(PHOTO), opened)]
    assert {file.payload for file in sent} == {PHOTO}
    assert sent[0].file_name == "photo.png"


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_pixels_lose_nothing(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(decoded(pixels), pixels)
    np.testing.assert_array_equal(decoded(pixels[:, ::-1]), pixels[:, ::-1])


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "I;16", "CMYK", "F"])
def test_a_picture_of_any_mode_can_be_sent(mode):
    image = fakes.image_of(2).convert("RGB")
    image = image.convert("L").convert(mode) if mode in {"I;16", "F"} else image.convert(mode)
    assert decoded(image).shape[:2] == (112, 92)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("https://example.org/a.jpg", "never fetched"),
        (Path("no/such.png"), "No such file"),
        (b"", "is empty"),
        (12, "a int is no image"),
        (np.zeros((4, 4), np.float32), "uint8 from 0 to 255"),
        (np.zeros((4, 4, 2), np.uint8), "of shape"),
        (np.zeros((0, 4), np.uint8), "cannot be sent"),
    ],
)
def test_what_cannot_be_sent_is_told_what_to_do(image, said):
    with pytest.raises(UnusableImage, match=said):
        to_file(image)


ONE_IMAGE = {
    "a path as text": "a.jpg",
    "a path": Path("a.jpg"),
    "bytes": PHOTO,
    "a bytearray": bytearray(PHOTO),
    "an open file": io.BytesIO(PHOTO),
    "a PIL image": Image.new("RGB", (4, 4)),
    "grey pixels": np.zeros((5, 7), np.uint8),
    "colour pixels": np.zeros((5, 7, 3), np.uint8),
    "pixels with alpha": np.zeros((5, 7, 4), np.uint8),
}


@pytest.mark.parametrize("image", ONE_IMAGE.values(), ids=ONE_IMAGE)
def test_one_image_is_not_taken_for_a_list_of_images(image):
    with pytest.raises(UnusableImage, match=r"one image .* embed\(\[image\]\)"):
        refuse_one_image(image)


@pytest.mark.parametrize(
    "images",
    [["a.jpg"], ("a.jpg",), iter(["a.jpg"]), np.zeros((2, 5, 7, 3), np.uint8), np.zeros((2, 5, 7))],
    ids=["list", "tuple", "iterator", "stack of colour", "stack of grey"],
)
def test_a_list_of_images_stays_one(images):
    refuse_one_image(images)
