import numpy as np
import pytest

from model.locating.locator import Locator, Pick
from model.manifest import Aspect, InputSpec
from model.preprocessing import preprocess_located
from tests import locators
from tests.training.synthetic import write_files
from training.data.decoding import acquisition, decode
from training.data.readers.folder import read_folder
from training.inference.onnx_runtime import OnnxLocator

SPEC = InputSpec(width=16, height=16, channels=3, aspect=Aspect.CROP)


@pytest.fixture(scope="module")
def locator():
    graph = locators.locator_graph()
    return Locator(locators.make_spec(graph), OnnxLocator(graph).find)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    one, other = locators.mark(60, 40, 14, 20), locators.mark(30, 70, 12)
    marks = {"a/0": [one], "a/1": [one, other], "b/0": [], "b/1": [other]}
    files = {
        f"{name}.png": locators.file_of(locators.picture((120, 100), *shown))
        for name, shown in marks.items()
    }
    return read_folder(write_files(tmp_path_factory.mktemp("marks") / "data", files))


def test_images_without_exactly_one_thing_are_left_out_and_counted(images, locator, caplog):
    decoded = decode(images, SPEC, locator)
    assert [image.name for image in decoded.source] == ["a/0.png", "b/1.png"]
    assert "2 of 4 images left out" in caplog.text
    for image, pixels in zip(decoded.source, decoded.pixels, strict=True):
        np.testing.assert_array_equal(pixels, preprocess_located(image.read(), SPEC, locator)[0])
    found = acquisition(images, locator)
    assert (found.images, found.nothing, found.several) == (4, 1, 1)


def test_the_central_one_of_several_can_be_taken(images, locator):
    names = [image.name for image in decode(images, SPEC, locator, Pick.CENTRAL).source]
    assert names == ["a/0.png", "a/1.png", "b/1.png"]
