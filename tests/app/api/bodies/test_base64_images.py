import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies.base64_images import Base64Image
from app.errors import ParameterError
from model.errors import ImageTooLargeError


def decode_image(name, text, max_bytes):
    image = Base64Image(name, max_bytes)
    image.feed(text)
    return image.close()


def encode(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("size", range(8))
def test_bytes_come_back_as_they_were(size):
    data = bytes(range(size))
    assert decode_image("image1", encode(data), 100).data == data


def test_line_breaks_are_passed_over():
    wrapped = base64.encodebytes(bytes(200)).decode()
    assert decode_image("image1", wrapped, 200).data == bytes(200)


@given(st.binary(max_size=70))
def test_both_alphabets_are_taken_with_padding_and_without(data):
    for text in (encode(data), base64.urlsafe_b64encode(data).decode()):
        for padded in (text, text.rstrip("=")):
            assert decode_image("image1", padded, 100).data == data


@pytest.mark.parametrize("text", ["QUJ", "QUK", "/-F", "QUJDQ", "Q", "QUJDQ=", "QR"])
def test_a_text_without_padding_that_was_cut_short_is_said(text):
    with pytest.raises(ParameterError, match="not base64"):
        decode_image("image1", text, 100)


@pytest.mark.parametrize(
    "prefix",
    [
        "data:;base64,",
        "data:image/png;base64,",
        "DATA:a/b;x=y;BASE64,",
        "data:image/jpeg;name=my photo.jpg;base64,",
        'data:image/jpeg;name="my photo, the 2nd; or so.jpg";base64,',
        "data:image/jpeg; charset=utf-8; base64,",
        " \n data:image/png;base64 , ",
        "data:image/png;name=фото.png;base64,",
        "data:image/png;a=1;b=2;c=3;d=4;e=5;f=6;base64,",
    ],
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


@pytest.mark.parametrize(
    "text", ["QUJ", "QUJD*", "QU=JD", "ÄÖ", "=", "QUJD=QUJD", "photos/one.jpg"]
)
def test_what_is_not_base64_is_said(text):
    with pytest.raises(ParameterError, match=r"not base64 .*: send the file's bytes") as raised:
        decode_image("image2", text, 100)
    assert raised.value.errors[0]["field"] == "image2"
