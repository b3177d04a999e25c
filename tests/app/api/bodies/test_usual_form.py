"""The one-step parser against the incremental one, which every other test of forms is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies.multipart import Expected, MultipartReader
from app.api.bodies.usual_form import split_form
from app.errors import LikewiseError

TYPE = "multipart/form-data; boundary=xyz"
EXPECTED = Expected({"image1": 1, "image": 2}, frozenset({"model"}), max_image_bytes=50)
USUAL = (
    b'--xyz\r\nContent-Disposition: form-data; name="image1"; filename="a b.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\r\n\r\n"
    b'--xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\nfaces\r\n--xyz--\r\n'
)


def outcome(chunks):
    """The form, or the type and text of the error."""
    reader = MultipartReader(TYPE, EXPECTED)
    try:
        for chunk in chunks:
            reader.feed(chunk)
        return reader.close()
    except LikewiseError as error:
        return type(error), str(error)


def test_a_usual_form_is_split_into_its_parts():
    parts = [("image1", b"\xff\xd8\r\n"), ("model", b"faces")]
    assert split_form(USUAL, b"xyz", 2) == parts
    assert split_form(USUAL[:-2], b"xyz", 2) == parts


@pytest.mark.parametrize("end", range(len(USUAL) - 2))
def test_an_incomplete_form_is_left_to_the_incremental_parser(end):
    assert split_form(USUAL[:end], b"xyz", 2) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"--xyz\r\n", b"\r\n--xyz\r\n"),
        (b"--xyz\r\n", b"--xyz \r\n"),
        (b"--xyz\r\n", b"--xyza\r\n"),
        (b'name="model"', b'name="m%22odel"'),
        (b'name="model"', b"name=model"),
        (b'name="model"', b'name="model"; name="fmr"'),
        (b'name="model"', b'name="model"\r\nContent-Disposition: form-data; name="fmr"'),
        (b'name="model"', b'name="model"\r\nContent-Length: 1'),
        (b'name="model"', b'name="' + b"m" * 101 + b'"'),
        (b"a b.jpg", b"a" * 201),
        (b"a b.jpg", b"\xc3\xa4.jpg"),
        (b"image/jpeg", b"image/jpeg; charset=x"),
        (b"--xyz--\r\n", b"--xyz--\r\nmore"),
    ],
)
def test_any_other_notation_is_left_to_the_incremental_parser(old, new):
    body = USUAL.replace(old, new)
    assert body != USUAL
    assert split_form(body, b"xyz", 9) is None


def test_one_part_too_many_is_left_to_the_incremental_parser():
    assert split_form(USUAL, b"xyz", 1) is None


_NAMES = st.sampled_from(["image1", "image", "model", "other", "im age", ""])
_DATA = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\r\n", b"\r\n--xyz", b"\r\n--xyz--", b"\r\n--xyz\r\n", b"--xyz\r\n"]),
)
_HEADERS = st.sampled_from(
    ["", '; filename="a.png"', '; filename="a.png"\r\nContent-Type: image/png']
)
_ENDS = st.sampled_from(
    [b"--xyz--\r\n", b"--xyz--", b"--xyz", b"", b"--xyz-- \r\n", b"--xyz--\r\nx"]
)


@given(st.lists(st.tuples(_NAMES, _HEADERS, _DATA), max_size=4), _ENDS, st.integers(1, 400))
def test_a_form_in_one_piece_means_what_it_means_in_two(parts, end, cut):
    body = b"".join(
        b'--xyz\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
        % (name.encode(), headers.encode(), data)
        for name, headers, data in parts
    )
    body += end
    cut = min(cut, max(len(body) - 3, 0))
    assert outcome([body]) == outcome([body[:cut], body[cut:]])
