"""Pillow's reader of HEIC files, by libheif, where the extra `heif` is installed.

The reader that comes with the package copies the metadata of every image in a file when it opens
it; this one looks at the primary image alone. libheif turns and mirrors the image by the file's own
boxes, and refuses coded images that are larger than the file declares.
"""

from typing import Any

from PIL import Image, ImageFile

from model.errors import ImageTooLargeError, UnsupportedImageError

try:
    import _pi_heif
except ImportError:
    _pi_heif = None

FORMATS = ("HEIF",) if _pi_heif else ()
"""Pillow's names of the formats that are read with the extra."""

_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
_VARIANT = ("unsupported", "not been built in")
"""Parts of libheif's messages on a codec or feature that it does not have."""
_THREADS = 1
_TO_8_BITS, _BGR, _TIGHT_ROWS, _GREY_TO_16_BITS, _NO_LIMITS = True, False, True, True, False


class HeifImageFile(ImageFile.ImageFile):
    """A HEIC file. Its mode is L, LA, RGB or RGBA, or I;16 for greyscale above 8 bits."""

    format = "HEIF"
    format_description = "HEIF by libheif"
    _coded: Any = None

    def _open(self) -> None:
        data = self.fp.read() if self.fp is not None else b""
        images = _of_libheif(
            lambda: _pi_heif.load_file(
                data, _THREADS, _TO_8_BITS, _BGR, _TIGHT_ROWS, _GREY_TO_16_BITS, "", _NO_LIMITS
            )
        )
        primary = [image for image in images if image is not None and image.primary]
        if not primary:
            raise SyntaxError("it has no primary image")
        self._coded = primary[0]
        self._size, self._mode = self._coded.size_mode
        self.info["bit_depth"] = self._coded.bit_depth
        self.tile = []

    def load(self) -> Any:  # noqa: ANN401 (Pillow's type is private)
        """Decode the primary image.

        Raises:
            OSError: The data is damaged.
            ImageTooLargeError: It is larger than the file declares.
            UnsupportedImageError: Its codec or a feature is not supported.
        """
        coded, self._coded = self._coded, None
        if coded is not None:
            pixels = _of_libheif(lambda: coded.data)
            if coded.size_mode != (self._size, self._mode):
                raise OSError("the coded image is not of the size that the file declares")
            self.load_prepare()
            self.frombytes(pixels, "raw", (self._mode, coded.stride))
        return super().load()


def _of_libheif(call: Any) -> Any:  # noqa: ANN401 (an extension module without types)
    """Call libheif, and translate its errors."""
    try:
        return call()
    except RuntimeError as error:
        message = str(error).strip()
        if "limit" in message.lower():
            raise ImageTooLargeError(
                f"the HEIF is not taken ({message}); save it as JPEG"
            ) from error
        if any(word in message.lower() for word in _VARIANT):
            raise UnsupportedImageError(
                f"a variant of HEIF that is not read ({message}); save it as JPEG or PNG"
            ) from error
        raise OSError(message) from error


def _accept(prefix: bytes) -> bool:
    return prefix[4:8] == b"ftyp" and prefix[8:12] in _BRANDS


if _pi_heif is not None:
    Image.register_open(HeifImageFile.format, HeifImageFile, _accept)
