import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies import strict_json
from app.errors import ParameterError, UnreadableBodyError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_what_was_written_is_read_with_a_byte_order_mark_or_without(value, has_mark):
    body = json.dumps(value).encode()
    assert strict_json.load(b"\xef\xbb\xbf" * has_mark + body) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"fmr": 0.1, "fmr": 0.1}',
        b'{"fmr": 0.1, "f\\u006dr": 0.5}',
        b'{"model": "a", "fmr": 0.1, "model": null}',
        b'{"a": {"fmr": 1, "fmr": 2}}',
        b'[{"": 1, "": 2}]',
    ],
)
def test_a_name_that_is_there_twice_is_refused(body):
    with pytest.raises(ParameterError, match="is there twice") as raised:
        strict_json.load(body)
    assert raised.value.errors[0]["field"] in {"fmr", "model", ""}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_another_encoding_than_utf_8_is_refused(encoding):
    with pytest.raises(UnreadableBodyError, match="not JSON"):
        strict_json.load('{"model": "ä"}'.encode(encoding))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"", b"{"])
def test_what_no_parser_takes_is_unreadable(body):
    with pytest.raises(UnreadableBodyError):
        strict_json.load(body)
