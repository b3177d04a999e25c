"""Images in JSON, as base64. No URL is fetched and no path is opened."""

import base64
import binascii
import re

from app.batching.image_input import ImageFile
from app.errors import ParameterError
from model.errors import ImageTooLargeError

_DATA_URI = re.compile(r"data:.{0,1000}?; ?base64 ?,", re.IGNORECASE | re.DOTALL)
"""Up to the data; a parameter may hold blanks and commas (`name="my photo, 2.jpg"`)."""
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}:", re.IGNORECASE)
_STANDARD = bytes.maketrans(b"-_", b"+/")
"""From the URL-safe alphabet (RFC 4648, section 5)."""
_BLANKS = b" \t\r\n"
_GROUP = 4
"""Characters that encode three bytes."""


def decode_image(name: str, text: str, max_bytes: int) -> ImageFile:
    """Decode one image of a JSON body; a `data:…;base64,` prefix is dropped.

    Both alphabets of RFC 4648 are read, with or without padding.

    Raises:
        ParameterError: Not base64, or a URL instead of an image.
        ImageTooLargeError: More than `max_bytes`.
    """
    encoded = _to_standard(name, _without_prefix(name, text))
    if len(encoded) // _GROUP * 3 > max_bytes + 2:
        raise ImageTooLargeError(f"{name}: the image has more than the {max_bytes:,} bytes taken")
    missing = -len(encoded) % _GROUP
    try:
        data = base64.b64decode(encoded + b"=" * missing, validate=True)
    except binascii.Error as error:
        raise _not_base64(name, str(error)) from error
    if missing and not _is_whole(encoded, data):
        raise _not_base64(name, "the text is cut short")
    return ImageFile(name, data)


def _without_prefix(name: str, text: str) -> str:
    text = text.lstrip()
    prefix = _DATA_URI.match(text)
    if prefix is None and _URL.match(text):
        raise _invalid(
            name,
            "an address is not an image, and none is ever fetched: send the file's bytes as "
            "base64, or as a data: URI with `;base64,`",
        )
    return text[prefix.end() :] if prefix else text


def _to_standard(name: str, text: str) -> bytes:
    """Return the text in the standard alphabet, without blanks."""
    if not text.isascii():
        raise _not_base64(name, "a character is not ASCII")
    return text.encode("ascii").translate(_STANDARD, _BLANKS)


def _is_whole(encoded: bytes, data: bytes) -> bool:
    """Return whether the last group of a text without padding has no bits left over."""
    groups = len(encoded) // _GROUP
    tail = base64.b64encode(data[3 * groups :])
    return tail.rstrip(b"=") == encoded[_GROUP * groups :].rstrip(b"=")


def _not_base64(name: str, reason: str) -> ParameterError:
    return _invalid(
        name, f"not base64 ({reason}): send the file's bytes as base64, not its name or its path"
    )


def _invalid(field: str, message: str) -> ParameterError:
    return ParameterError(f"{field}: {message}", [{"field": field, "message": message}])
