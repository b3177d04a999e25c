"""NumPy arrays as bodies and answers: `application/x-npy`, NumPy's own format (NEP 1)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from tokenize import TokenError
from typing import Any

import numpy as np
from fastapi import Request, Response
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from app.api.schemas import ModelReference
from app.errors import UnreadableBodyError

MEDIA_TYPE = "application/x-npy"

AS_NPY: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
}
"""The OpenAPI entry of a call that may answer with an array."""

_UNREADABLE = (ValueError, TypeError, SyntaxError, TokenError, EOFError, RecursionError, KeyError)
"""What NumPy's reader of headers raises on damage; it reads a Python literal, and runs nothing."""

_MAX_HEADER_BYTES = 2_000
_TYPES = ("<f4", "|u1")
_MATRIX = 2


def is_accepted(request: Request) -> bool:
    """Whether the client asks for an array."""
    accepted = request.headers.get("accept", "").lower().split(",")
    return any(entry.partition(";")[0].strip() == MEDIA_TYPE for entry in accepted)


def parse(body: bytes | bytearray) -> NDArray[Any]:
    """Read a matrix without copying it; nothing in the body is ever executed.

    Args:
        body: A whole .npy file.

    Returns:
        (rows, columns), at least 2 rows, little-endian float32 or uint8.

    Raises:
        UnreadableBodyError: Not such a file.
    """
    file = io.BytesIO(bytes(memoryview(body)[: _MAX_HEADER_BYTES + 16]))
    try:
        npy_format.read_magic(file)
        shape, fortran, dtype = npy_format.read_array_header_1_0(
            file, max_header_size=_MAX_HEADER_BYTES
        )
    except _UNREADABLE as error:
        raise UnreadableBodyError(
            "the body is not a .npy file; write it with numpy.save"
        ) from error
    order = "Fortran order" if fortran else "C order"
    if dtype.str not in _TYPES or fortran or len(shape) != _MATRIX or shape[0] < _MATRIX:
        raise UnreadableBodyError(
            f"the array is {dtype} {shape} in {order}; send float32, or uint8 for codes, of shape "
            "(1 + n, dim) in C order: the probe, then the gallery"
        )
    start, size = file.tell(), shape[0] * shape[1] * dtype.itemsize
    if len(body) - start != size:
        raise UnreadableBodyError(
            f"the .npy file's header promises {size:,} bytes and {len(body) - start:,} follow it"
        )
    matrix: NDArray[Any] = np.frombuffer(body, dtype=dtype, offset=start).reshape(shape)
    return matrix


def response(
    array: NDArray[Any], model: ModelReference, headers: Mapping[str, str] | None = None
) -> Response:
    """An array as the answer; headers say whose it is."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    whose = {
        "X-Model-Name": model.name,
        "X-Model-Version": model.version,
        "X-Model-SHA256": model.sha256,
    }
    return Response(file.getvalue(), media_type=MEDIA_TYPE, headers={**whose, **(headers or {})})
