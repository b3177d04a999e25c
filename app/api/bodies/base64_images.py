"""Images in JSON, as base64, decoded while they arrive. No URL is fetched and no path is opened."""

import binascii
import json
import re
from typing import ClassVar

from app.batching.image_input import ImageFile
from app.errors import ParameterError, TooManyImagesError, UnreadableBodyError
from model.errors import ImageTooLargeError

_DATA_URI = re.compile(r"data:.{0,1000}?; ?base64 ?,", re.IGNORECASE | re.DOTALL)
"""Up to the data; a parameter may hold blanks and commas (`name="my photo, 2.jpg"`)."""
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}:", re.IGNORECASE)
_MAX_PREFIX = 1_100
"""Length of the longest text that `_DATA_URI` matches, rounded up."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
"""From the URL-safe alphabet (RFC 4648, section 5)."""
_BLANKS = b" \t\r\n"
_GROUP = 4
"""Characters that encode three bytes."""
_EXCESS = b"==="
"""Padding that completes no group, which `binascii` takes behind a complete one."""


class Base64Image:
    """Decoder of one image whose text comes in pieces, cut anywhere.

    A `data:…;base64,` prefix and blanks are dropped. Both alphabets of RFC 4648 are read, with or
    without padding. A call takes time in proportion to its piece.
    """

    def __init__(self, name: str, max_bytes: int) -> None:
        self._name, self._max_bytes = name, max_bytes
        self._beginning: str | None = ""
        """The text so far, until it is long enough to hold a whole prefix."""
        self._rest = b""
        """The characters of an incomplete group."""
        self._is_padded = False
        self._data = bytearray()

    def feed(self, text: str) -> None:
        """Decode the next piece.

        Raises:
            ParameterError: Not base64, or a URL instead of an image.
            ImageTooLargeError: More than the maximum number of bytes.
        """
        if self._beginning is None:
            self._decode(text)
            return
        self._beginning = (self._beginning + text).lstrip()
        if len(self._beginning) >= _MAX_PREFIX:
            self._begin()

    def close(self) -> ImageFile:
        """Return the image, at the end of its text; raises the errors of `feed`."""
        self._begin()
        rest = self._rest
        if rest:  # There is too little padding, or none.
            last = self._to_bytes(rest + b"=" * (_GROUP - len(rest)))
            if binascii.b2a_base64(last, newline=False).rstrip(b"=") != rest.rstrip(b"="):
                raise self._not_base64("the text is cut short")
            self._check_size(len(last))
            self._data += last
        return ImageFile(self._name, bytes(self._data))

    def _begin(self) -> None:
        """Decode what was kept of the beginning, without the prefix."""
        text, self._beginning = self._beginning, None
        if text is None:
            return
        prefix = _DATA_URI.match(text)
        if prefix is None and _URL.match(text):
            raise invalid_image(
                self._name,
                "an address is not an image, and none is ever fetched: send the file's bytes as "
                "base64, or as a data: URI with `;base64,`",
            )
        self._decode(text[prefix.end() :] if prefix else text)

    def _decode(self, text: str) -> None:
        """Decode the complete groups of a piece, after the check of the size."""
        if not text.isascii():
            raise self._not_base64("a character is not ASCII")
        encoded = self._rest + text.encode("ascii").translate(_STANDARD, _BLANKS)
        whole = len(encoded) // _GROUP * _GROUP
        self._check_size(whole // _GROUP * 3 - 2)
        if encoded and self._is_padded:
            raise self._not_base64("there is text after the padding")
        if encoded[:whole].endswith(_EXCESS):
            raise self._not_base64("there is more padding than its last group lacks")
        self._data += self._to_bytes(encoded[:whole])
        self._is_padded = encoded[:whole].endswith(b"=")
        self._rest = encoded[whole:]

    def _check_size(self, more: int) -> None:
        if len(self._data) + more > self._max_bytes:
            raise ImageTooLargeError(
                f"{self._name}: the image has more than the {self._max_bytes:,} bytes taken"
            )

    def _to_bytes(self, groups: bytes) -> bytes:
        try:
            return binascii.a2b_base64(groups, strict_mode=True)
        except binascii.Error as error:
            raise self._not_base64(str(error)) from error

    def _not_base64(self, reason: str) -> ParameterError:
        return invalid_image(
            self._name,
            f"not base64 ({reason}): send the file's bytes as base64, not its name or its path",
        )


class JsonImage:
    """An image as a text in a JSON body, a `LargeValue`: its escapes are resolved and decoded."""

    opening: ClassVar[bytes] = b'"'
    closing: ClassVar[bytes] = b'"'

    def __init__(self, name: str, max_bytes: int) -> None:
        self._name, self._image = name, Base64Image(name, max_bytes)
        self.begun = False
        """Whether any of it was read: an empty text too is one."""
        self._held = b""
        """The beginning of an escape that goes on in the next piece."""

    def feed(self, data: bytes) -> bytes | None:
        """Decode the next bytes.

        Returns:
            The bytes behind the text, or None if it goes on.

        Raises:
            UnreadableBodyError: Not the text of a JSON string.
            ParameterError: As in `Base64Image`.
            ImageTooLargeError: As in `Base64Image`.
        """
        self.begun = True
        data = self._held + data
        end = data.find(b'"')
        text = data if end < 0 else data[:end]
        cut = _incomplete_escape(text)
        if cut and end >= 0:
            raise invalid_image(self._name, "not base64 (it holds a quotation mark)")
        self._held = text[len(text) - cut :]
        self._image.feed(self._unescape(text[: len(text) - cut]))
        return None if end < 0 else data[end + 1 :]

    def close(self) -> ImageFile:
        """Return the image, at its end; raises the errors of `feed`."""
        return self._image.close()

    def _unescape(self, text: bytes) -> str:
        if not text.isascii():  # Checked here because a piece may end inside a character.
            raise invalid_image(self._name, "not base64 (a character is not ASCII)")
        try:
            unescaped: str = json.loads(f'"{text.decode()}"')
        except ValueError as error:
            raise UnreadableBodyError(
                f"the body is not JSON: the text of {self._name} holds a control character or an "
                "invalid escape"
            ) from error
        return unescaped


class JsonImageList:
    """A list of images, `["…", "…"]`, a `LargeValue`: each is decoded as a `JsonImage`."""

    opening: ClassVar[bytes] = b"["
    closing: ClassVar[bytes] = b"]"

    def __init__(self, name: str, max_bytes: int, max_images: int) -> None:
        self._name, self._max_bytes, self._max_images = name, max_bytes, max_images
        self._images: list[JsonImage] = []
        self._open: JsonImage | None = None
        self._after_image = False

    def feed(self, data: bytes) -> bytes | None:
        """Decode the next bytes.

        Returns:
            The bytes behind the list, or None if it goes on.

        Raises:
            TooManyImagesError: More than the maximum number of images.
            UnreadableBodyError: As in `JsonImage`.
            ParameterError: As in `JsonImage`, or not a list of texts.
            ImageTooLargeError: As in `JsonImage`.
        """
        rest: bytes | None = data
        while rest:
            if self._open is not None:
                rest = self._open.feed(rest)
                if rest is not None:
                    self._open, self._after_image = None, True
                continue
            rest = rest.lstrip(_BLANKS)
            sign, rest = rest[:1], rest[1:]
            if sign == self.closing and (self._after_image or not self._images):
                return rest
            self._take(sign)
        return None

    def close(self) -> tuple[ImageFile, ...]:
        """Return the images, at the list's end; raises the errors of `feed`."""
        return tuple(image.close() for image in self._images)

    def _take(self, sign: bytes) -> None:
        """Take a character between images; none at the end of a piece."""
        if sign == (b"," if self._after_image else JsonImage.opening):
            self._after_image = False
            if sign == JsonImage.opening:
                self._begin()
        elif sign:
            raise invalid_image(self._name, "a list that holds something else than texts of base64")

    def _begin(self) -> None:
        if len(self._images) == self._max_images:
            raise TooManyImagesError.beyond(self._max_images)
        self._open = JsonImage(f"{self._name}[{len(self._images)}]", self._max_bytes)
        self._images.append(self._open)


class JsonImages:
    """One image of a JSON body, or a list of them."""

    def __init__(self, name: str, max_bytes: int, max_images: int) -> None:
        self._name = name
        self._one = JsonImage(name, max_bytes)
        self._list = JsonImageList(name, max_bytes, max_images)

    @property
    def forms(self) -> tuple[JsonImage, JsonImageList]:
        """Return the values that a `JsonReader` may meet under this name."""
        return self._one, self._list

    def close(self) -> tuple[ImageFile, ...]:
        """Return the images, at the body's end.

        Raises:
            ParameterError: The list is empty, or the text is not base64.
        """
        if self._one.begun:
            return (self._one.close(),)
        images = self._list.close()
        if not images:
            raise invalid_image(self._name, "an empty list; send at least one image")
        return images


def _incomplete_escape(text: bytes) -> int:
    """Return the length of the incomplete escape at a text's end, or 0."""
    start = text.rfind(b"\\", max(0, len(text) - len("\\u123")))
    before = text[: start + 1]
    is_escaped = (len(before) - len(before.rstrip(b"\\"))) % 2 == 0
    if start < 0 or is_escaped or text[start + 1 : start + 2] not in {b"", b"u"}:
        return 0
    return len(text) - start


def invalid_image(field: str, message: str) -> ParameterError:
    """Return the error for an image of a JSON body that cannot be used."""
    return ParameterError(f"{field}: {message}", [{"field": field, "message": message}])
