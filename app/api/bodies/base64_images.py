"""Images in JSON, as base64. No URL is fetched and no path is opened."""

import base64
import binascii
import re

from app.batching.image_input import ImageFile
from app.errors import ParameterError
from model.errors import ImageTooLargeError

_DATA_URI = re.compile(r"data:[\w.+/-]{0,100}(?:;[\w.+/=-]{1,100}){0,4};base64,", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}:", re.IGNORECASE)
_BLANKS = str.maketrans("", "", " \t\r\n")


def decode_image(name: str, text: str, max_bytes: int) -> ImageFile:
    """Decode one image of a JSON body; a `data:…;base64,` prefix is dropped.

    Raises:
        ParameterError: Not base64, or a URL instead of an image.
        ImageTooLargeError: More than `max_bytes`.
    """
    prefix = _DATA_URI.match(text)
    if prefix is None and _URL.match(text):
        raise _invalid(name, "an address is not an image, and none is ever fetched: send base64")
    encoded = (text[prefix.end() :] if prefix else text).translate(_BLANKS)
    if len(encoded) // 4 * 3 > max_bytes + 2:
        raise ImageTooLargeError(f"{name}: the image has more than the {max_bytes:,} bytes taken")
    try:
        return ImageFile(name, base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _invalid(name, f"not base64 ({error})") from error


def _invalid(field: str, message: str) -> ParameterError:
    return ParameterError(f"{field}: {message}", [{"field": field, "message": message}])
