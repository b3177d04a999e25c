"""Bodies of the greatest size that the service takes, as usual, at their worst, and malformed."""

import base64
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.payloads.bodies import JSON, Request

SIZE = 64_000_000
"""The default of `LIKEWISE_MAX_BODY_BYTES`."""
NPY = "application/x-npy"
_IMAGE = 10_000_000
_BOUNDARY = b"7c0d9c2f5a1e4b6d8f03"
_FORM = f"multipart/form-data; boundary={_BOUNDARY.decode()}"
_PART = b'--%b\r\nContent-Disposition: form-data; name="image"\r\n\r\n' % _BOUNDARY
_MAX_NUMBERS = 3_000_000


def large_requests(dim: int) -> Iterator[tuple[str, Request]]:
    """Yield a name and a request for each kind of body.

    Args:
        dim: The length of the default model's vectors.
    """
    image = bytes(_IMAGE)
    whole = b"".join([(_PART + image + b"\r\n") * 6, b"--%b--\r\n" % _BOUNDARY])
    yield "form, six images", Request("/embed", _FORM, whole)
    yield "form, line breaks", Request("/embed", _FORM, _filled(_PART, b"\r\n"))
    yield "form, no boundary", Request("/embed", _FORM, bytes(SIZE))
    yield "raw, one image", Request("/embed", "image/png", image)
    yield "raw, too large", Request("/embed", "image/png", bytes(SIZE))
    yield "JSON, two images", Request("/verify", JSON, _pair(base64.b64encode(image)))
    for name, more in _TEXTS.items():
        yield f"JSON, {name}", Request("/verify", JSON, _filled(b'{"image1":"', more))
    for name, number in _NUMBERS.items():
        yield f"vectors, {name}", Request("/compare", JSON, _gallery(number, dim))
    yield "vectors, texts", Request("/compare", JSON, _filled(b'{"gallery":[["a"', b',"a"'))
    rows = min(100_001, SIZE // (4 * dim))
    yield "array", Request("/compare", NPY, _saved(np.ones((rows, dim), np.float32)))
    yield "array, not finite", Request("/compare", NPY, _saved(np.full((rows, dim), np.nan, "f4")))


_TEXTS = {
    "escapes": b"\\u0041",
    "not ASCII": "é".encode(),
    "deep": b'"[[[',
}
_NUMBERS = {"digits": b"1", "floats": b"0.12345678901234567", "not finite": b"1e999"}


def _filled(head: bytes, more: bytes) -> bytes:
    return head + more * ((SIZE - len(head)) // len(more))


def _pair(text: bytes) -> bytes:
    return b'{"image1":"%b","image2":"%b"}' % (text, text)


def _gallery(number: bytes, dim: int) -> bytes:
    row = b"[%b]" % b",".join([number] * dim)
    rows = min(_MAX_NUMBERS // dim, SIZE // (len(row) + 1) - 2, 100_000)
    return b'{"probe":%b,"gallery":[%b]}' % (row, b",".join([row] * rows))


def _saved(array: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
