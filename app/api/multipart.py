"""A multipart/form-data body, taken apart in memory while it arrives; nothing is put on disk.

Which parts may come is known beforehand, so a part that may not is refused at its headers, and
neither their number nor their size can grow beyond what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import PartError, TooManyImagesError, UnreadableBodyError
from app.image_input import ImageFile
from model.errors import ImageTooLargeError

MEDIA_TYPE = "multipart/form-data"
MAX_FIELD_BYTES = 1_000
MAX_HEADERS = 8
MAX_HEADER_BYTES = 2_000


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
    """Feed it the body's chunks, cut anywhere, then take the form."""

    def __init__(self, content_type: str, expected: Expected) -> None:
        """Prepare for a body with this Content-Type.

        Raises:
            UnreadableBodyError: The content type names no usable boundary.
        """
        self._expected = expected
        self._form = Form()
        self._headers: dict[bytes, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._name = ""
        self._data = bytearray()
        self._complete = False
        self._parser: MultipartParser | None = _parser(content_type, self)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            UnreadableBodyError: Not multipart.
            PartError: A part that is not expected, or there more often than it may be.
            TooManyImagesError: More images than the call takes.
            ImageTooLargeError: More bytes in one image than the limits allow.
        """
        assert self._parser is not None  # noqa: S101 (for the type checker: until `release`)
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise UnreadableBodyError(f"the body is not valid multipart: {error}") from error

    def close(self) -> Form:
        """The whole form, at the body's end.

        Raises:
            UnreadableBodyError: The body ended before its closing boundary.
        """
        if not self._complete:
            raise UnreadableBodyError("the multipart body ends before its closing boundary")
        return self._form

    def release(self) -> None:
        """Let go of all that has arrived, and of the parser, which calls back here.

        The two hold each other, so that without this the images of a request, refused or answered,
        would stay in memory until Python looks for such circles.
        """
        self._parser = None
        self._form, self._data = Form(), bytearray()

    def on_part_begin(self) -> None:
        """A boundary has passed."""
        self._headers = {}
        self._data = bytearray()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """Some bytes of a header's name."""
        self._header_name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """Some bytes of a header's value."""
        self._header_value += data[start:end]

    def on_header_end(self) -> None:
        """A header is complete."""
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def on_headers_finished(self) -> None:
        """A part's headers are complete: decide whether it may come at all."""
        self._name = _part_name(self._headers)
        if self._name in self._expected.images:
            self._check_image_count()
        elif self._name not in self._expected.fields:
            raise PartError(f"there is no part {self._name[:100]!r} in this call; {self._takes()}")
        elif self._name in self._form.fields:
            raise PartError(f"the field {self._name!r} is there twice")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Some bytes of a part."""
        self._data += memoryview(data)[start:end]
        if self._name in self._expected.images:
            self._check_image_size()
        elif len(self._data) > MAX_FIELD_BYTES:
            raise PartError(f"the field {self._name!r} has more than {MAX_FIELD_BYTES:,} bytes")

    def on_part_end(self) -> None:
        """A part is complete."""
        if self._name in self._expected.images:
            files = self._form.images.setdefault(self._name, [])
            files.append(ImageFile(self._label(len(files)), bytes(self._data)))
        else:
            self._form.fields[self._name] = _text(self._name, bytes(self._data))
        self._data = bytearray()

    def on_end(self) -> None:
        """The closing boundary has passed."""
        self._complete = True

    def _check_image_count(self) -> None:
        most = self._expected.images[self._name]
        if len(self._form.images.get(self._name, ())) < most:
            return
        if most == 1:
            raise PartError(f"the part {self._name!r} is there twice")
        raise TooManyImagesError(f"more than {most} images in one call; send them in several")

    def _check_image_size(self) -> None:
        if len(self._data) > self._expected.max_image_bytes:
            label = self._label(len(self._form.images.get(self._name, ())))
            raise ImageTooLargeError(
                f"{label}: the image has more than the "
                f"{self._expected.max_image_bytes:,} bytes that are taken"
            )

    def _label(self, index: int) -> str:
        return self._name if self._expected.images[self._name] == 1 else f"{self._name}[{index}]"

    def _takes(self) -> str:
        names = [*self._expected.images, *sorted(self._expected.fields)]
        return f"it takes {', '.join(names)}"


def _parser(content_type: str, reader: MultipartReader) -> MultipartParser:
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise UnreadableBodyError(
            "the Content-Type names no boundary; let your client library write this header"
        )
    names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end")
    callbacks = {f"on_{n}": getattr(reader, f"on_{n}") for n in (*names, "headers_finished", "end")}
    try:
        return MultipartParser(
            boundary,
            callbacks,  # type: ignore[arg-type] # a TypedDict that is filled by a loop
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )
    except FormParserError as error:
        raise UnreadableBodyError(f"the boundary cannot be used: {error}") from error


def _part_name(headers: Mapping[bytes, bytes]) -> str:
    disposition, options = parse_options_header(headers.get(b"content-disposition"))
    if disposition != b"form-data" or not options.get(b"name"):
        raise PartError("a part has no name; each needs Content-Disposition: form-data; name=…")
    return _text("part name", options[b"name"])


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PartError(f"the {name!r} is not UTF-8 text") from error
