"""A multipart/form-data body, taken apart in memory while it arrives; nothing is put on disk.

Which parts may come is known beforehand, so a part that may not is refused at its headers, and
neither their number nor their size can grow beyond what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from python_multipart.multipart import parse_options_header

from app.batching.image_input import ImageFile
from app.errors import PartError, TooManyImagesError, UnreadableBodyError
from model.errors import ImageTooLargeError

MEDIA_TYPE = "multipart/form-data"
MAX_FIELD_BYTES = 1_000
MAX_HEADERS = 8
MAX_HEADER_BYTES = 2_000
MAX_BOUNDARY_BYTES = 70
"""By RFC 2046."""

_AFTER_BOUNDARY = (b"\r\n", b"--")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_USUAL_HEADERS = re.compile(
    rb'\r\nContent-Disposition: form-data; name="([^"\\\r\n]+)"(?:; filename="[^"\\\r\n]*")?'
    rb"(?:\r\nContent-Type: [^\r\n]*)?",
    re.IGNORECASE,
)
_USUAL_TYPE = re.compile(r"multipart/form-data; ?boundary=([A-Za-z0-9'()+_,./:?-]{1,70})")
"""What nearly every client writes; anything else is taken apart by the library."""


@dataclass(frozen=True)
class Expected:
    """The parts that a call takes.

    `images` maps the name of each image part to how many of them may come; `fields` names the text
    fields, each of which may come once.
    """

    images: Mapping[str, int]
    fields: frozenset[str]
    max_image_bytes: int


@dataclass
class Form:
    """What has arrived: the images under their parts' names, and the text fields."""

    images: dict[str, list[ImageFile]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


class MultipartReader:
    """Feed it the body's chunks, cut anywhere, then take the form.

    What has arrived of a part is kept as it came and searched once; nothing is looked at byte by
    byte (RFC 2046, section 5.1.1; RFC 7578).
    """

    def __init__(self, content_type: str, expected: Expected) -> None:
        """Prepare for a body with this Content-Type.

        Raises:
            UnreadableBodyError: The content type names no usable boundary.
        """
        self._expected = expected
        self._form = Form()
        self._delimiter = b"\r\n--" + _boundary(content_type)
        self._buffer = bytearray(b"\r\n")  # The first boundary may stand at the very beginning.
        self._at = self._searched = 0
        """Where what has not been used begins, and what has not been searched."""
        self._name: str | None = None
        """Of the part that arrives; None before the first."""
        self._at_headers = self._complete = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            UnreadableBodyError: Not multipart.
            PartError: A part that is not expected, or there more often than it may be.
            TooManyImagesError: More images than the call takes.
            ImageTooLargeError: More bytes in one image than the limits allow.
        """
        if self._complete:
            return  # What follows the last boundary means nothing.
        self._buffer += chunk
        while self._read_headers() if self._at_headers else self._read_data():
            pass
        del self._buffer[: self._at]
        self._searched = max(self._searched - self._at, 0)
        self._at = 0

    def close(self) -> Form:
        """The whole form, at the body's end.

        Raises:
            UnreadableBodyError: The body ended before its closing boundary.
        """
        if not self._complete:
            raise UnreadableBodyError("the multipart body ends before its closing boundary")
        return self._form

    def _read_data(self) -> bool:
        """Look for the boundary that ends a part; whether it was there."""
        end = self._find_boundary()
        if end < 0:
            self._searched = self._end_for_sure()
            if self._name is None:
                self._at = self._searched  # A preamble means nothing.
            else:
                self._check_size(self._searched - self._at)
            return False
        if self._name is not None:
            self._check_size(end - self._at)
            self._end_part(self._name, bytes(memoryview(self._buffer)[self._at : end]))
        self._at = end + len(self._delimiter)
        self._at_headers = True
        return True

    def _find_boundary(self) -> int:
        """Where the next boundary begins; -1 where none is there with what tells it from data."""
        end = self._buffer.find(self._delimiter, max(self._searched, self._at))
        while end >= 0:
            after = end + len(self._delimiter)
            following = bytes(self._buffer[after : after + 2])
            if following in _AFTER_BOUNDARY:
                return end
            if len(following) < 2:  # noqa: PLR2004 (bytes that tell)
                return -1
            end = self._buffer.find(self._delimiter, end + 1)
        return -1

    def _end_for_sure(self) -> int:
        """Where the bytes end that are no beginning of a boundary."""
        longest = len(self._delimiter) + 1
        for tail in range(max(self._at, len(self._buffer) - longest), len(self._buffer)):
            rest = bytes(self._buffer[tail:])
            if self._delimiter.startswith(rest) or rest.startswith(self._delimiter):
                return tail
        return len(self._buffer)

    def _read_headers(self) -> bool:
        """Read what follows a boundary; whether a part begins there."""
        begin = self._at
        if self._buffer.startswith(b"--", begin):
            self._complete = True
            self._at = len(self._buffer)
            return False
        end = self._buffer.find(b"\r\n\r\n", begin, begin + MAX_HEADER_BYTES)
        if end < 0:
            if len(self._buffer) - begin >= MAX_HEADER_BYTES:
                raise UnreadableBodyError(
                    "the body is not valid multipart: a part's headers have more than "
                    f"{MAX_HEADER_BYTES:,} bytes"
                )
            return False
        self._at = end + 4
        self._at_headers = False
        self._begin_part(_part_name(bytes(self._buffer[begin:end])))
        return True

    def _begin_part(self, name: str) -> None:
        """Decide whether a part may come at all."""
        self._name = name
        if name in self._expected.images:
            self._check_image_count(name)
        elif name not in self._expected.fields:
            raise PartError(f"there is no part {name[:100]!r} in this call; {self._takes()}")
        elif name in self._form.fields:
            raise PartError(f"the field {name!r} is there twice")

    def _end_part(self, name: str, data: bytes) -> None:
        if name in self._expected.images:
            files = self._form.images.setdefault(name, [])
            files.append(ImageFile(self._label(name, len(files)), data))
        else:
            self._form.fields[name] = _text(name, data)

    def _check_size(self, size: int) -> None:
        name = self._name or ""
        if name not in self._expected.images:
            if size > MAX_FIELD_BYTES:
                raise PartError(f"the field {name!r} has more than {MAX_FIELD_BYTES:,} bytes")
        elif size > self._expected.max_image_bytes:
            raise ImageTooLargeError(
                f"{self._label(name, len(self._form.images.get(name, ())))}: the image has more "
                f"than the {self._expected.max_image_bytes:,} bytes that are taken"
            )

    def _check_image_count(self, name: str) -> None:
        most = self._expected.images[name]
        if len(self._form.images.get(name, ())) < most:
            return
        if most == 1:
            raise PartError(f"the part {name!r} is there twice")
        raise TooManyImagesError(f"more than {most} images in one call; send them in several")

    def _label(self, name: str, index: int) -> str:
        return name if self._expected.images[name] == 1 else f"{name}[{index}]"

    def _takes(self) -> str:
        names = [*self._expected.images, *sorted(self._expected.fields)]
        return f"it takes {', '.join(names)}"


def _boundary(content_type: str) -> bytes:
    usual = _USUAL_TYPE.fullmatch(content_type)
    if usual:
        return usual[1].encode("ascii")
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise UnreadableBodyError(
            "the Content-Type names no boundary; let your client library write this header"
        )
    if len(boundary) > MAX_BOUNDARY_BYTES:
        raise UnreadableBodyError(
            f"the boundary has more than the {MAX_BOUNDARY_BYTES} bytes that a boundary may have"
        )
    return boundary


def _part_name(headers: bytes) -> str:
    """The name of a part, from its headers, each behind a line's end."""
    usual = _USUAL_HEADERS.fullmatch(headers)
    if usual:
        return _text("part name", usual[1])
    kind, options = parse_options_header(_disposition(headers.split(b"\r\n")[1:]))
    if kind != b"form-data" or not options.get(b"name"):
        raise PartError("a part has no name; each needs Content-Disposition: form-data; name=…")
    return _text("part name", options[b"name"])


def _disposition(lines: Sequence[bytes]) -> bytes:
    """What the Content-Disposition among these headers says; empty where it is not there."""
    disposition = b""
    if len(lines) > MAX_HEADERS:
        raise UnreadableBodyError(
            f"the body is not valid multipart: a part has more than {MAX_HEADERS} headers"
        )
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name):
            raise UnreadableBodyError("the body is not valid multipart: a part's header is none")
        if name.lower() == b"content-disposition":
            disposition = value.strip()
    return disposition


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PartError(f"the {name!r} is not UTF-8 text") from error
