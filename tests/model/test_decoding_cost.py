import io

import pytest
from PIL import Image

from model.decoding_cost import MAX_SCANS, check_decoding_cost
from model.errors import ImageTooLargeError
from tests.fakes import encoded
from tests.hostile.corpus import jpeg_with_scans, tiff


def check(data, max_pixels=1_000_000):
    with Image.open(io.BytesIO(data)) as image:
        check_decoding_cost(image, data, max_pixels)


@pytest.mark.parametrize("progressive", [True, False])
def test_a_jpeg_of_very_many_scans_is_refused(progressive):
    check(encoded(Image.new("RGB", (64, 48)), "JPEG", progressive=progressive))
    with pytest.raises(ImageTooLargeError, match="scans"):
        check(jpeg_with_scans(MAX_SCANS + 1, (64, 48), progressive=progressive))


def test_scans_are_counted_where_they_overlap_with_what_looks_like_them():
    data = encoded(Image.new("RGB", (64, 48)), "JPEG")
    with pytest.raises(ImageTooLargeError):
        check(data[:-2] + b"\xff\xff\xda" * (MAX_SCANS + 1))


def test_a_tile_may_have_as_many_pixels_as_a_canvas():
    tags = {322: 1000, 323: 1000, 324: None, 325: 9}
    check(tiff(10, 10, tags, bytes(9)))
    with pytest.raises(ImageTooLargeError, match="1000 x 1000"):
        check(tiff(10, 10, tags, bytes(9)), max_pixels=999_999)


def test_a_tile_without_a_size_is_an_image_error():
    tags = {322: 0, 323: 0, 324: None, 325: 9}
    check(tiff(10, 10, tags, bytes(9)))


def test_an_image_of_another_format_costs_what_its_canvas_says():
    check(encoded(Image.new("RGB", (64, 48))) + b"\xff\xda" * 1000)
