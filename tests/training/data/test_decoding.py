import numpy as np
import pytest

from model.manifest import Aspect, InputSpec
from model.preprocessing import preprocess
from tests.training.synthetic import files_of, write_files
from training.data.decoding import canvas_of, decode
from training.data.readers.folder import read_folder
from training.errors import DataError

SPEC = InputSpec(width=16, height=12, channels=3, aspect=Aspect.CROP)


def test_images_are_preprocessed_in_their_order(tmp_path):
    images = read_folder(write_files(tmp_path / "data", files_of(3, 2)))
    decoded = decode(images, SPEC)
    assert (decoded.pixels.shape, decoded.pixels.dtype) == ((6, 12, 16, 3), np.uint8)
    assert decoded.source == images
    for image, pixels in zip(images, decoded.pixels, strict=True):
        np.testing.assert_array_equal(pixels, preprocess(image.read(), SPEC))


def test_broken_images_are_left_out_and_said(tmp_path, caplog):
    files = files_of(3, 3) | {"id01/1.png": b"garbage"}
    files["id02/0.png"] = files["id02/0.png"][:100]
    decoded = decode(read_folder(write_files(tmp_path / "data", files)), SPEC)
    assert [i.name for i in decoded.source] == sorted(set(files) - {"id01/1.png", "id02/0.png"})
    assert len(decoded.pixels) == 7
    (record,) = caplog.records
    assert "2 of 9 images left out" in record.getMessage()
    assert "id01/1.png" in record.getMessage()


def test_an_unreadable_file_is_left_out(tmp_path):
    images = read_folder(write_files(tmp_path / "data", files_of(3, 2)))
    (tmp_path / "data" / "id01" / "0.png").unlink()
    assert len(decode(images, SPEC).source) == 5


def test_only_broken_images_are_an_error_that_names_one(tmp_path):
    files = dict.fromkeys(files_of(2, 2), b"garbage")
    with pytest.raises(DataError, match=r"none of 4 images can be read: id00/0\.png"):
        decode(read_folder(write_files(tmp_path / "data", files)), SPEC)


def test_a_canvas_is_the_input_enlarged():
    canvas = canvas_of(SPEC, 1.25)
    assert (canvas.width, canvas.height) == (20, 15)
    assert (canvas.channels, canvas.aspect) == (SPEC.channels, SPEC.aspect)


@pytest.mark.parametrize(
    ("middle", "scale", "shown"), [(0.8, 1.25, 1), (0.5, 1.5, 0.75), (1, 2, 1)]
)
def test_the_canvas_of_a_middle_shows_as_much_more_around_it(middle, scale, shown):
    canvas = canvas_of(SPEC.model_copy(update={"middle": middle}), scale)
    assert canvas.middle == pytest.approx(shown)
