"""A JSON body whose large values are taken out and parsed while they arrive.

A JSON parser holds the interpreter until the end of its text, and no other request is answered
meanwhile. So images and vectors are parsed piece by piece, and only the rest of the body, its
outline, which is small, is parsed as a whole: `{"image1":"","image2":"","fmr":0.01}`.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Protocol

from app.errors import BodyTooLargeError, ParameterError, UnreadableBodyError

MEDIA_TYPE = "application/json"
MAX_OUTLINE_BYTES = 16_384
"""Maximum size of a body without its large values."""
PIECE_BYTES = 65_536
"""Maximum size of one piece for `JsonReader.feed`, which takes less than 5 ms for it."""
_MAX_BLANKS = 64
"""Maximum number of blanks on each side of the colon before a large value."""


class LargeValue(Protocol):
    """A value that is parsed piece by piece.

    Attributes:
        opening: The character that it begins with.
        closing: The character that it ends with.
    """

    opening: ClassVar[bytes]
    closing: ClassVar[bytes]

    def feed(self, data: bytes) -> bytes | None:
        """Take the next bytes, from behind the opening character.

        Returns:
            The bytes behind the closing character, or None if the value goes on.
        """


class JsonReader:
    """Reader of one body: feed it the body's pieces, cut anywhere, then take the outline."""

    def __init__(
        self, values: Mapping[str, LargeValue | tuple[LargeValue, ...]], max_values: int
    ) -> None:
        """Prepare for a body.

        Args:
            values: The large values by their names, which stand in the outermost object. Of several
                for one name the one is fed that begins as the body's value does.
            max_values: Approximate maximum number of values in the outline.
        """
        self._names, self._max_values = tuple(values), max_values
        self._values = {
            (name, value.opening): value
            for name, kinds in values.items()
            for value in (kinds if isinstance(kinds, tuple) else (kinds,))
        }
        blanks = rb"[ \t\r\n]{0,%d}" % _MAX_BLANKS
        keys = (
            rb'"%s"%s:%s%s' % (re.escape(name.encode()), blanks, blanks, re.escape(opening))
            for name, opening in self._values
        )
        self._openings = re.compile(b"|".join(keys))
        self._longest = 2 * _MAX_BLANKS + max(map(len, self._names)) + len('"":[')
        self._outline = bytearray()
        self._searched = 0
        """Length of the outline up to the end of the last large value."""
        self._open: LargeValue | None = None
        self._met: set[str] = set()

    def feed(self, piece: bytes) -> None:
        """Take the next bytes.

        Raises:
            UnreadableBodyError: Not such a JSON body.
            BodyTooLargeError: More values than the limits allow.
            ParameterError: A large value that is there twice.
            LikewiseError: As the large values raise.
        """
        rest: bytes | None = piece
        while rest:
            rest = self._read_outline(rest) if self._open is None else self._read_value(rest)

    def close(self) -> bytes:
        """Return the outline, at the body's end. Large values are empty in it.

        Raises:
            UnreadableBodyError: The body ended in a large value.
        """
        if self._open is not None:
            raise UnreadableBodyError("the body is not JSON: it ends before its last value does")
        return bytes(self._outline)

    def check_met(self, name: str) -> None:
        """Check that a value that is in the outline was taken out of it.

        Raises:
            ParameterError: Its name is written in an unusual way.
        """
        if name not in self._met:
            raise _invalid(name, f'begin this member with "{name}": and few blanks, unescaped')

    def _read_outline(self, data: bytes) -> bytes | None:
        outline = self._outline
        begin = max(self._searched, len(outline) - self._longest)
        outline += data
        found = self._openings.search(outline, begin)
        if found is None:
            self._check_outline()
            return None
        rest = bytes(outline[found.end() :])
        name, opening = found[0].split(b'"')[1].decode(), found[0][-1:]
        del found  # The match holds the buffer, which could not be resized.
        del outline[len(outline) - len(rest) :]
        self._check_outline()
        if name in self._met:
            raise _invalid(name, "is there twice; give it once")
        self._met.add(name)
        self._open = self._values[name, opening]
        return rest

    def _read_value(self, data: bytes) -> bytes | None:
        assert self._open is not None  # noqa: S101 (for the type checker)
        rest = self._open.feed(data)
        if rest is not None:
            self._outline += self._open.closing
            self._searched, self._open = len(self._outline), None
        return rest

    def _check_outline(self) -> None:
        if len(self._outline) <= MAX_OUTLINE_BYTES:
            return
        if self._outline.count(b",") > self._max_values:
            raise BodyTooLargeError(
                f"the JSON holds more than the {self._max_values:,} values that are taken"
            )
        raise UnreadableBodyError(
            f"the JSON has more than {MAX_OUTLINE_BYTES:,} bytes besides "
            f"{' and '.join(self._names)}"
        )


def _invalid(field: str, message: str) -> ParameterError:
    return ParameterError(f"{field}: {message}", [{"field": field, "message": message}])
