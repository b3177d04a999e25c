"""A multipart/form-data body, parsed in memory while it arrives; nothing is written to disk.

The caller declares the parts that may come. A part outside that list is refused at its headers, and
neither the number of parts nor their sizes can exceed the declared bounds. The syntax is parsed by
the package `multipart` (RFC 2046, section 5.1; RFC 7578).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
)

from app.api.bodies.part_headers import DISPOSITION, boundary_of, check_encoding, part_name
from app.api.bodies.usual_form import split_form
from app.batching.image_input import ImageFile
from app.errors import PartError, TooManyImagesError, UnreadableBodyError
from model.errors import ImageTooLargeError

MEDIA_TYPE = "multipart/form-data"
MAX_FIELD_BYTES = 1_000
MAX_HEADERS = 8
MAX_HEADER_BYTES = 2_000
"""Maximum size of one header of a part."""


@dataclass(frozen=True)
class Expected:
    """The parts that a call takes.

    Attributes:
        images: The name of each image part, with the number of images that may come under it.
        max_images: Number of images that may come in all; None for the sum of those. Where it is
            given, one image under a name is usual, and the first has its name without a number.
        fields: The names of the text fields, each of which may come once.
        max_image_bytes: The largest image.
    """

    images: Mapping[str, int]
    fields: frozenset[str]
    max_image_bytes: int
    max_images: int | None = None

    @property
    def total(self) -> int:
        """Number of images that may come in all."""
        return sum(self.images.values()) if self.max_images is None else self.max_images


@dataclass
class Form:
    """The images under their parts' names, and the text fields."""

    images: dict[str, list[ImageFile]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


class MultipartReader:
    """Feed it the body's chunks, cut anywhere, then take the form."""

    def __init__(self, content_type: str, expected: Expected) -> None:
        """Prepare for a body with this Content-Type.

        Raises:
            UnreadableBodyError: The content type names no usable boundary.
        """
        self._expected = expected
        self._max_parts = expected.total + len(expected.fields)
        self._form = Form()
        self._boundary = boundary_of(content_type)
        self._parser: _Parser | None = None
        self._is_whole = False
        """True once the whole form came in the first chunk."""
        self._beginning: bytes | None = b""
        """The body so far, until it is long enough to be compared with the first boundary."""
        self._name = ""
        self._data: bytes | bytearray = b""
        """Name and data of the current part."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            UnreadableBodyError: Not multipart.
            PartError: A part that is not expected, or that comes more often than it may.
            TooManyImagesError: More images than the call takes.
            ImageTooLargeError: More bytes in one image than the limits allow.
        """
        if self._parser is None:
            if self._is_whole or self._take_whole(chunk):
                return
            self._parser = _parser(self._boundary)
        if self._beginning is not None:
            chunk = self._check_beginning(self._beginning + chunk)
        if not chunk:
            return  # The parser takes an empty chunk for the body's end.
        self._parse(self._parser, chunk)

    def _take_whole(self, body: bytes) -> bool:
        """Take a form that is all there, in the usual notation; return whether it is."""
        parts = split_form(body, self._boundary, self._max_parts)
        for name, data in parts or ():
            self._begin_part(name)
            self._add(data)
            self._end_part()
        self._is_whole = parts is not None
        return self._is_whole

    def _parse(self, parser: "_Parser", chunk: bytes) -> None:
        try:
            for event in parser.parse(chunk):
                if isinstance(event, bytes):
                    self._add(event)
                elif event is None:
                    self._end_part()
                else:
                    self._begin_part(event.name)
        except MultipartError as error:
            bounds = f"; a part may have {MAX_HEADERS} headers of {MAX_HEADER_BYTES:,} bytes"
            hint = bounds if isinstance(error, ParserLimitReached) else ""
            raise UnreadableBodyError(
                f"not a valid multipart body: {error.args[0]}{hint}"
            ) from error

    def close(self) -> Form:
        """Return the whole form, at the body's end.

        Raises:
            UnreadableBodyError: The body ended before its closing boundary.
        """
        if self._is_whole:
            return self._form
        try:
            (self._parser or _parser(self._boundary)).close()
        except MultipartError as error:
            raise UnreadableBodyError(
                "the multipart body ends before its closing boundary"
            ) from error
        return self._form

    def _check_beginning(self, beginning: bytes) -> bytes:
        """Return the bytes to parse; none before the boundary is there.

        The parser skips text before the first boundary, and a part whose boundary it cannot
        recognise would be skipped with it.
        """
        opening = b"--" + self._boundary
        if len(beginning) < len(opening) + 2:
            self._beginning = beginning
            return b""
        if not beginning.startswith((opening, b"\r\n" + opening)):
            raise UnreadableBodyError("the multipart body does not begin with its boundary")
        self._beginning = None
        return beginning

    def _begin_part(self, name: str) -> None:
        self._name = name
        if name in self._expected.images:
            self._check_image_count(name)
        elif name not in self._expected.fields:
            raise PartError(f"there is no part {name[:100]!r} in this call; {self._takes()}")
        elif name in self._form.fields:
            raise PartError(f"the field {name!r} is there twice")

    def _add(self, data: bytes) -> None:
        self._check_size(len(self._data) + len(data))
        if not self._data:
            self._data = data  # Not copied: most parts come in one piece.
        elif isinstance(self._data, bytearray):
            self._data += data
        else:
            self._data = bytearray(self._data + data)

    def _end_part(self) -> None:
        name, data = self._name, bytes(self._data)
        self._data = b""
        if data.startswith(b"--" + self._boundary):
            # Some readers take it for the boundary, of a part that is empty.
            raise UnreadableBodyError(
                f"the data of the part {name!r} begins with the boundary; choose another boundary"
            )
        if name in self._expected.images:
            files = self._form.images.setdefault(name, [])
            files.append(ImageFile(self._label(len(files)), data))
        else:
            self._form.fields[name] = _text(name, data)

    def _check_size(self, size: int) -> None:
        if self._name not in self._expected.images:
            if size > MAX_FIELD_BYTES:
                raise PartError(f"the field {self._name!r} has more than {MAX_FIELD_BYTES:,} bytes")
        elif size > self._expected.max_image_bytes:
            label = self._label(len(self._form.images.get(self._name, ())))
            raise ImageTooLargeError(
                f"{label}: the image has more than the {self._expected.max_image_bytes:,} bytes "
                "that are taken"
            )

    def _check_image_count(self, name: str) -> None:
        images, max_images = self._form.images, self._expected.images[name]
        if name not in images:
            return  # The bounds leave room for one image of each name.
        if len(images[name]) < max_images:
            if sum(map(len, images.values())) < self._expected.total:
                return
        elif max_images == 1:
            raise PartError(f"the part {name!r} is there twice")
        raise TooManyImagesError.beyond(self._expected.max_images or max_images)

    def _label(self, index: int) -> str:
        name, expected = self._name, self._expected
        is_plain = expected.images[name] == 1 or (expected.max_images is not None and not index)
        return name if is_plain else f"{name}[{index}]"

    def _takes(self) -> str:
        names = [*self._expected.images, *sorted(self._expected.fields)]
        return f"it takes {', '.join(names)}"


class _Parser(PushMultipartParser):  # type: ignore[misc] # the package has no types
    """The package's parser with a name for each part; of two names it would take the last."""

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        """Make a part from its headers; the package lets subclasses override this.

        Raises:
            PartError: The part has no name, or more than one.
            PartError: Its data is encoded, or in another charset than UTF-8.
            UnreadableBodyError: Its Content-Disposition cannot be read.
        """
        segment = MultipartSegment([])  # No header but the name's is used.
        segment.name = part_name([text for name, text in headerlist if name == DISPOSITION])
        check_encoding(segment.name, headerlist)
        return segment


def _parser(boundary: bytes) -> _Parser:
    return _Parser(
        boundary,
        max_header_size=MAX_HEADER_BYTES,
        max_header_count=MAX_HEADERS,
        header_charset="latin-1",  # A file's name may hold any byte; a part's is decoded by us.
    )


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PartError(f"the {name!r} is not UTF-8 text") from error
