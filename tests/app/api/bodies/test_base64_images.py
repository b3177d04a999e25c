import base64

import pytest

from app.api.bodies.base64_images import decode_image
from app.errors import ParameterError
from model.errors import ImageTooLargeError


def encode(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("size", range(8))
def test_bytes_come_back_as_they_were(size):
    data = bytes(range(size))
    assert decode_image("image1", encode(data), 100).data == data


def test_line_breaks_are_passed_over():
    wrapped = base64.encodebytes(bytes(200)).decode()
    assert decode_image("image1", wrapped, 200).data == bytes(200)


@pytest.mark.parametrize(
    "prefix", ["data:;base64,", "data:image/png;base64,", "DATA:a/b;x=y;BASE64,"]
)
def test_a_data_uri_is_stripped_of_its_prefix(prefix):
    assert decode_image("image1", prefix + encode(b"abc"), 100).data == b"abc"


def test_the_largest_image_is_taken_and_a_larger_one_is_not_even_decoded():
    assert len(decode_image("image1", encode(bytes(100)), 100).data) == 100
    with pytest.raises(ImageTooLargeError, match="image1"):
        decode_image("image1", "!" * 1000, 100)


@pytest.mark.parametrize(
    "address", ["http://a/b", "HTTPS://a", "file:///etc/passwd", "data:,hello"]
)
def test_an_address_is_told_that_none_is_fetched(address):
    with pytest.raises(ParameterError, match="none is ever fetched"):
        decode_image("image1", address, 100)


@pytest.mark.parametrize("text", ["QUJ", "QUJD*", "QU=JD", "ÄÖ", "=", "QUJD=QUJD"])
def test_what_is_not_base64_is_said(text):
    with pytest.raises(ParameterError, match="not base64") as raised:
        decode_image("image2", text, 100)
    assert raised.value.errors[0]["field"] == "image2"
