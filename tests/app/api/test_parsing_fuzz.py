"""Whatever bytes arrive: what is read from them, or an error that is the client's."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies.base64_images import Base64Image
from app.api.bodies.multipart import Expected, MultipartReader
from app.api.bodies.parameters import from_form, from_json
from app.api.choices.decisions import Choices
from app.api.compare import CompareJson
from app.api.verify import PairJson
from app.errors import RequestError
from model.errors import ImageTooLargeError

EXPECTED = Expected({"image": 3}, frozenset({"model"}), max_image_bytes=100)
TYPE = "multipart/form-data; boundary=xyz"
FRAGMENTS = st.sampled_from(
    [
        b"--xyz",
        b"--xyz--",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b'Content-Disposition: form-data; name="image"',
        b'Content-Disposition: form-data; name="model"',
        b"Content-Disposition: form-data; name*=utf-8''image",
        b": ",
        b"-",
        b"x" * 40,
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["image1", "image2", "fmr", "model", "probe", "gallery", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.lists(FRAGMENTS | st.binary(max_size=30), max_size=20), st.integers(1, 50))
def test_a_form_of_any_bytes_is_read_within_its_bounds_or_refused(fragments, size):
    data = b"".join(fragments)
    reader = MultipartReader(TYPE, EXPECTED)
    with suppress(RequestError, ImageTooLargeError):
        for start in range(0, len(data), size):
            reader.feed(data[start : start + size])
        form = reader.close()
        assert set(form.images) <= {"image"}
        assert set(form.fields) <= {"model"}
        assert len(form.images.get("image", ())) <= 3
        assert all(len(file.data) <= 100 for file in form.images.get("image", ()))


@given(st.text(st.characters(max_codepoint=255), max_size=80))  # A header is Latin-1.
def test_any_content_type_gives_a_reader_or_is_refused(text):
    with suppress(RequestError):
        MultipartReader(f"multipart/form-data; {text}", EXPECTED)


@pytest.mark.parametrize("kind", [PairJson, CompareJson, Choices])
@given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_json_is_what_is_wanted_or_refused(kind, body):
    with suppress(RequestError):
        assert isinstance(from_json(kind, body, 100), kind)


@given(st.dictionaries(st.sampled_from(["fmr", "model", "threshold", "x"]), st.text(max_size=30)))
def test_any_fields_are_what_is_wanted_or_refused(fields):
    with suppress(RequestError):
        assert 0 <= (from_form(Choices, fields).fmr or 0) <= 1


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: base64.b64encode(b).decode()))
def test_any_text_is_an_image_within_its_bound_or_refused(text):
    image = Base64Image("image1", 20)
    with suppress(RequestError, ImageTooLargeError):
        image.feed(text)
        assert len(image.close().data) <= 22
