import io

import numpy as np
import pytest
from PIL import Image

from model.manifest import Aspect, InputSpec
from tests.training.synthetic import image_set
from training.data.decoding import decode
from training.data.image_set import ImageSet, LabelledImage
from training.data.quarter_turns import with_quarter_turns

SPEC = InputSpec(width=24, height=24, channels=1, aspect=Aspect.STRETCH)


def test_each_image_comes_four_times_as_four_identities():
    turned = with_quarter_turns(image_set({"a": 2, "b": 3}))
    assert len(turned) == 20
    assert turned.identities == tuple(
        f"{name}{turn}" for name in "ab" for turn in ("", "@180", "@270", "@90")
    )
    names = [image.name for image in turned]
    assert names == sorted(names)


def test_a_turned_image_has_the_turned_pixels():
    images = image_set({"a": 1})
    turned = decode(with_quarter_turns(images), SPEC)
    pixels = dict(zip((i.identity for i in turned.source), turned.pixels[..., 0], strict=True))
    for quarters, identity in enumerate(("a", "a@90", "a@180", "a@270")):
        np.testing.assert_array_equal(pixels[identity], np.rot90(pixels["a"], quarters))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P"])
def test_images_of_any_colour_are_turned(mode):
    file = io.BytesIO()
    upright = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8) * 5).convert(mode)
    upright.save(file, "PNG")
    images = ImageSet("one", (LabelledImage("a/1.png", "a", file.getvalue),))
    (quarter,) = (image for image in with_quarter_turns(images) if image.identity == "a@90")
    result = Image.open(io.BytesIO(quarter.read())).convert("L")
    np.testing.assert_array_equal(np.asarray(result), np.rot90(np.asarray(upright.convert("L"))))


def test_a_photograph_is_turned_from_where_its_camera_says_is_up():
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    images = ImageSet("one", (LabelledImage("a/1.png", "a", file.getvalue),))
    (quarter,) = (image for image in with_quarter_turns(images) if image.identity == "a@90")
    result = np.asarray(Image.open(io.BytesIO(quarter.read())))
    np.testing.assert_array_equal(result, pixels)  # A quarter right by the camera, and one left.
