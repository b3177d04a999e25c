"""NumPy arrays as bodies and answers: `application/x-npy`, NumPy's file format (NEP 1)."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from tokenize import TokenError
from typing import Any

import numpy as np
from fastapi import Request, Response
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from app.api.bodies.media_type import answer_type
from app.api.schemas.answer import ModelReference
from app.domain import MAX_NAMED, DomainStatus
from app.errors import UnreadableBodyError

MEDIA_TYPE = "application/x-npy"

Responses = dict[int | str, dict[str, Any]]
_ARRAY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}

_UNREADABLE = (
    *(ValueError, TypeError, SyntaxError, TokenError, EOFError, RecursionError, KeyError),
    Warning,
)
"""Errors of NumPy's header reader on damaged data; it parses a Python literal, and runs nothing. A
deprecated type is a warning, which some settings of Python raise."""

_MAX_HEADER_BYTES = 500
"""NumPy writes 118; reading 2,000 damaged bytes takes up to 12 ms."""
_TYPES = ("<f4", "|u1")
_DIMENSIONS = _MIN_ROWS = 2
_MAGIC = b"\x93NUMPY\x01\x00"
_PREFIX_BYTES = len(_MAGIC) + 2
_NOT_NPY = "the body is not a .npy file, version 1; write it with numpy.save"


def with_array(responses: Responses) -> Responses:
    """Return the OpenAPI entry of a call that answers with an array or with JSON."""
    return {200: {"content": {**responses[200]["content"], MEDIA_TYPE: _ARRAY}}}


@dataclass(frozen=True)
class Matrix:
    """Shape and type of a matrix, from a .npy file's header."""

    rows: int
    columns: int
    dtype: np.dtype[Any]


def is_accepted(request: Request) -> bool:
    """Return whether the client prefers an array to JSON.

    Raises:
        NotAcceptableError: It accepts neither.
    """
    return answer_type(request, "application/json", MEDIA_TYPE) == MEDIA_TYPE


class MatrixReader:
    """Incremental reader of a .npy body; it keeps no complete row and executes nothing."""

    def __init__(self, check: Callable[[Matrix], None]) -> None:
        """Prepare for a body.

        Args:
            check: Called with the header's matrix before any row; `feed` raises its errors.
        """
        self._check = check
        self._rest = b""
        self._matrix: Matrix | None = None
        self._missing = 0

    def feed(self, chunk: bytes) -> NDArray[Any] | None:
        """Take the next bytes.

        Returns:
            The rows that this chunk completes, (n, columns), little-endian float32 or uint8; None
            before the header's end.

        Raises:
            UnreadableBodyError: Not such a file, or more rows than its header declares.
        """
        # Joined, not a view of the chunk: a view can begin at any byte, and NumPy takes longer on
        # unaligned numbers than the copy takes.
        data = self._rest + chunk if self._rest else chunk
        if self._matrix is None:
            end = _header_end(data)
            if end is None:
                self._rest = data
                return None
            self._matrix = _read_header(data[:end])
            self._check(self._matrix)
            self._missing, data = self._matrix.rows, data[end:]
        width = self._matrix.columns * self._matrix.dtype.itemsize
        count = len(data) // width
        if count > self._missing or (count == self._missing and len(data) > count * width):
            raise UnreadableBodyError(f"the .npy file has more than {self._matrix.rows:,} rows")
        self._missing -= count
        self._rest = data[count * width :]
        rows = np.frombuffer(data, self._matrix.dtype, count * self._matrix.columns)
        return rows.reshape(count, self._matrix.columns)

    def close(self) -> None:
        """Check that the file is complete.

        Raises:
            UnreadableBodyError: Rows are missing.
        """
        if self._matrix is None:
            raise UnreadableBodyError(_NOT_NPY)
        if self._missing:
            raise UnreadableBodyError(
                f"the .npy file's header promises {self._matrix.rows:,} rows, and "
                f"{self._missing:,} of them are not there"
            )


def _header_end(data: bytes) -> int | None:
    """Return the index of the first row; None until the whole header has arrived.

    Raises:
        UnreadableBodyError: Not the beginning of a .npy file, or the header is too long.
    """
    if not data.startswith(_MAGIC[: len(data)]):
        raise UnreadableBodyError(_NOT_NPY)
    if len(data) < _PREFIX_BYTES:
        return None
    length = int.from_bytes(data[_PREFIX_BYTES - 2 : _PREFIX_BYTES], "little")
    if length > _MAX_HEADER_BYTES:
        raise UnreadableBodyError(_NOT_NPY)
    end = _PREFIX_BYTES + length
    return end if len(data) >= end else None


def _read_header(data: bytes) -> Matrix:
    file = io.BytesIO(data)
    try:
        npy_format.read_magic(file)
        shape, fortran, dtype = npy_format.read_array_header_1_0(
            file, max_header_size=_MAX_HEADER_BYTES
        )
    except _UNREADABLE as error:
        raise UnreadableBodyError(_NOT_NPY) from error
    order = "Fortran order" if fortran else "C order"
    shaped = len(shape) == _DIMENSIONS and shape[0] >= _MIN_ROWS and shape[1] >= 1
    if dtype.str not in _TYPES or fortran or not shaped:
        raise UnreadableBodyError(
            f"the array is {dtype} {shape} in {order}; send float32, or uint8 for codes, of shape "
            "(1 + n, dim) in C order: the probe, then the gallery"
        )
    return Matrix(shape[0], shape[1], dtype)


def domain_headers(status: DomainStatus, out: Sequence[int]) -> dict[str, str]:
    """Return the headers of a domain check.

    Args:
        status: Its status.
        out: Positions of images or rows that are out of the domain; the first 100 are named.
    """
    headers = {"X-Domain-Status": status.value}
    if out:
        headers["X-Domain-Out"] = ",".join(map(str, out[:MAX_NAMED]))
    return headers


def response(
    array: NDArray[Any], model: ModelReference, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an array as the answer; headers name the model, and are added to."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    of_model = {
        "X-Model-Name": model.name,
        "X-Model-Version": model.version,
        "X-Model-SHA256": model.sha256,
        **({} if model.precision is None else {"X-Model-Precision": model.precision}),
    }
    return Response(file.getvalue(), media_type=MEDIA_TYPE, headers={**of_model, **(headers or {})})
