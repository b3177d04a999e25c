"""Vectors in a JSON body, parsed a few rows at a time: a `LargeValue` each for probe and gallery.

A row takes 8 bytes for each number, where a list of Python's takes 32.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import FailFast, Field, TypeAdapter, ValidationError

from app.errors import BodyTooLargeError, ParameterError, UnreadableBodyError
from model.errors import VectorError

Rows = NDArray[np.float64]

_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Row = Annotated[list[_Number], FailFast()]  # Without, a body of errors would make one for each.
_ROWS: TypeAdapter[list[list[float]]] = TypeAdapter(Annotated[list[_Row], FailFast()])
_BLANKS = b" \t\r\n"
_LAST = re.compile(rb"\][ \t\r\n]*\]")
"""The end of the last row, and of the gallery."""
_NESTED = re.compile(rb"\[[^\]]*\[")
_MIN_ROW_BYTES = 65_536
_BYTES_A_NUMBER = 32
"""Of a number in a gallery: in its row, in the joined rows, and in those of the model's type."""
_BYTES_A_ROW = 100
"""Of a row beside its numbers: an array, where it came alone, and its part of the answer."""
_MAX_NUMBER_BYTES = 64
"""Maximum size of a number with the blanks around it, on average over a row."""


@dataclass(frozen=True)
class VectorLimits:
    """Limits of the vectors in one body.

    Attributes:
        rows: Maximum number of rows in the gallery.
        values: Maximum number of values in it.
        width: Length of the longest vector of any model.
    """

    rows: int
    values: int
    width: int

    def check_row(self, unfinished: int) -> None:
        """Check the size of a row whose end has not arrived.

        Raises:
            BodyTooLargeError: It is longer than any model's vector could be.
        """
        if unfinished > max(_MIN_ROW_BYTES, self.width * _MAX_NUMBER_BYTES):
            raise BodyTooLargeError(
                f"a vector of the JSON has {unfinished:,} bytes and no end; no model has more than "
                f"{self.width:,} values in a vector"
            )


def _no_hold(_: int) -> None:
    """Count no bytes."""


class JsonGallery:
    """The gallery: vectors of one length, `[[0.1, …], …]`."""

    opening: ClassVar[bytes] = b"["
    closing: ClassVar[bytes] = b"]"

    def __init__(
        self, limits: VectorLimits, hold: Callable[[int], None], role: str = "gallery"
    ) -> None:
        """Prepare for a body.

        Args:
            limits: The limits of its vectors.
            hold: Called with the bytes of memory that further rows take, now and when compared.
            role: The name of the value.
        """
        self._limits, self._hold, self._role = limits, hold, role
        self._rest = b""
        self._rows: list[Rows] = []
        self._count = 0

    def feed(self, data: bytes) -> bytes | None:
        """Take the next bytes.

        Raises:
            UnreadableBodyError: Not JSON.
            VectorError: A row is not a list of finite numbers, or not as long as the first.
            BodyTooLargeError: More rows or values than the limits allow.
        """
        data = (self._rest + data).lstrip(_BLANKS)
        if data.startswith(b"]"):  # An empty gallery, or the row before it came with another piece.
            return data[1:]
        last = _LAST.search(data)
        end = last.start() if last else data.rfind(b"]")
        if end < 0:
            self._limits.check_row(len(data))
            self._rest = data
            return None
        self._take(data[: end + 1])
        self._rest = data[end + 1 :]
        return data[last.end() :] if last else None

    def close(self) -> list[Rows]:
        """Return the rows in blocks, float64, shape (n, width), at the gallery's end.

        Raises:
            ParameterError: There is none.
        """
        if not self._rows:
            message = "an empty list; send at least one vector"
            raise ParameterError.of(self._role, message)
        return self._rows

    def _take(self, text: bytes) -> None:
        """Parse complete rows, which follow a comma unless they are the first."""
        if self._count:
            if not text.startswith(b","):
                raise UnreadableBodyError(f"the body is not JSON: no comma after row {self._count}")
            text = text[1:].lstrip(_BLANKS)
        if not text.startswith(b"["):
            raise self._row_error(0, "is not a list of numbers")
        rows = _parse(b"[%b]" % text, self._row_error)
        self._check_widths([len(row) for row in rows])
        self._hold(len(rows) * (_BYTES_A_ROW + _BYTES_A_NUMBER * len(rows[0])))
        self._rows.append(np.array(rows, dtype=np.float64))
        self._count += len(rows)
        self._check_count()

    def _check_widths(self, widths: list[int]) -> None:
        width = self._rows[0].shape[1] if self._rows else widths[0]
        if width and widths.count(width) == len(widths):
            return
        odd = next(index for index, found in enumerate(widths) if found != width or not found)
        raise self._row_error(
            odd, f"has {widths[odd]:,} numbers" + (f", the first one {width:,}" if width else "")
        )

    def _check_count(self) -> None:
        values = self._count * self._rows[0].shape[1]
        if self._count > self._limits.rows:
            raise BodyTooLargeError(
                f"the {self._role} has more than the {self._limits.rows:,} rows that are taken in "
                "one call"
            )
        if values > self._limits.values:
            raise BodyTooLargeError(
                f"the JSON holds more than the {self._limits.values:,} values that are taken; send "
                "a larger gallery as application/x-npy"
            )

    def _row_error(self, index: int, what: str) -> VectorError:
        row = self._count + index
        return VectorError(f"{self._role} row {row} {what}", row=row)


class JsonProbe:
    """The probe: one vector, `[0.1, …]`, or those of several images, `[[0.1, …], …]`."""

    opening: ClassVar[bytes] = b"["
    closing: ClassVar[bytes] = b"]"

    def __init__(self, limits: VectorLimits, hold: Callable[[int], None] = _no_hold) -> None:
        """Prepare for a body; arguments as of `JsonGallery`, with the limits of a probe."""
        self._limits = limits
        self._text = b""
        self._several = JsonGallery(limits, hold, "probe")
        self._is_several = False
        self.rows: Rows = np.empty((1, 0))
        """Shape (images, width)."""

    def feed(self, data: bytes) -> bytes | None:
        """Take the next bytes.

        Raises:
            UnreadableBodyError: Not JSON.
            VectorError: Not a list of finite numbers, or lists of them of different lengths.
            BodyTooLargeError: More values than any model has in a vector, or more vectors than
                there may be images.
        """
        if not self._text:
            data = data.lstrip(_BLANKS)
            self._is_several |= data.startswith(b"[")
        if self._is_several:
            rest = self._several.feed(data)
            if rest is not None:
                self.rows = np.concatenate(self._several.close())
            return rest
        text = self._text + data
        end = text.find(b"]")
        if end < 0:
            self._limits.check_row(len(text))
            self._text = text
            return None
        row = _parse(b"[[%b]]" % text[:end], _probe_error)
        self.rows = np.array(row, dtype=np.float64)
        return text[end + 1 :]


def _probe_error(_: int, what: str) -> VectorError:
    return VectorError(f"probe {what}", row=0)


def _parse(text: bytes, error_of: Callable[[int, str], VectorError]) -> list[list[float]]:
    """Parse rows, `[[0.1, …], …]`."""
    try:
        return _ROWS.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] != "json_invalid":
            index = int(first["loc"][0]) if first["loc"] else 0
            raise error_of(index, f"cannot be used: {first['msg']}") from error
        nested = _NESTED.search(text, 1)
        if nested:
            index = text.count(b"]", 0, nested.start())
            raise error_of(index, "holds a list in place of a number") from error
        raise UnreadableBodyError(f"the body is not JSON: {first['msg']}") from error
