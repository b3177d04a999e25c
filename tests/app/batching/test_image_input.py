import numpy as np
import pytest

from app.batching.image_input import ImageFile, to_input
from model.errors import BrokenImageError, ImageTooLargeError, UnsupportedImageError
from model.preprocessing import ImageLimits, preprocess
from tests import fakes

LIMITS = ImageLimits()


def test_each_row_is_the_preprocessed_image():
    files = [ImageFile(f"image[{i}]", fakes.photo(i)) for i in range(3)]
    tensor = to_input(files, fakes.SPEC, None, LIMITS).pixels
    assert (tensor.shape, tensor.dtype) == ((3, 32, 24, 1), np.uint8)
    for row, file in enumerate(files):
        np.testing.assert_array_equal(tensor[row], preprocess(file.data, fakes.SPEC))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"not an image", UnsupportedImageError),
        (fakes.photo(1)[:200], BrokenImageError),
        (fakes.photo(1) + b"x" * 100_000, ImageTooLargeError),
    ],
)
def test_an_error_names_the_image_and_keeps_its_class(data, error):
    files = [ImageFile("image1", fakes.photo(1)), ImageFile("image2", data)]
    with pytest.raises(error, match=r"^image2: "):
        to_input(files, fakes.SPEC, None, ImageLimits(max_bytes=50_000))
