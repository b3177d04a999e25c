"""Kinds of files: what a file is that no image could be opened from, and what to do about it."""

import re
from collections.abc import Sequence

from model.errors import BrokenImageError, ImageError, UnsupportedImageError

_HEAD = 2048
"""Bytes that are looked at."""

_SIGNATURES: dict[bytes, str] = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}

_REPLACED = b"\xef\xbf\xbd"
"""U+FFFD in UTF-8, which takes the place of bytes where a binary file was read as text."""

_IMAGE_REMEDY = "save the picture as JPEG or PNG"
_BY_START: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF document", "export its page as PNG or JPEG"),
    (b"%!PS", "a PostScript file", "export it as PNG"),
    (b"8BPS", "a Photoshop file", _IMAGE_REMEDY),
    (b"\0\0\x01\0", "an icon file", _IMAGE_REMEDY),
    (b"\0\0\x02\0", "a cursor file", _IMAGE_REMEDY),
    (b"icns", "an icon file", _IMAGE_REMEDY),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image", _IMAGE_REMEDY),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image", _IMAGE_REMEDY),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image", _IMAGE_REMEDY),
    (b"\xff\x0a", "a JPEG XL image", _IMAGE_REMEDY),
    (b"II\xbc", "a JPEG XR image", _IMAGE_REMEDY),
    (b"IIRO", "a camera's raw file", _IMAGE_REMEDY),
    (b"FUJIFILM", "a camera's raw file", _IMAGE_REMEDY),
    (b"\x76\x2f\x31\x01", "an OpenEXR image", _IMAGE_REMEDY),
    (b"#?RADIANCE", "a Radiance image", _IMAGE_REMEDY),
    (b"SIMPLE  =", "a FITS image", _IMAGE_REMEDY),
    (b"qoif", "a QOI image", _IMAGE_REMEDY),
    (b"DDS ", "a DirectDraw texture", _IMAGE_REMEDY),
    (b"gimp xcf", "a GIMP file", _IMAGE_REMEDY),
    (b"P7\n", "a PAM image", _IMAGE_REMEDY),
    (b"PF\n", "a floating point map", _IMAGE_REMEDY),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile", _IMAGE_REMEDY),
    (b"PK\x03\x04", "a ZIP archive or an office document", "unpack or export the picture in it"),
    (b"\x1f\x8b", "a gzip archive", "unpack the picture in it"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack the picture in it"),
    (b"Rar!", "a RAR archive", "unpack the picture in it"),
    (b"\xd0\xcf\x11\xe0", "an office document", "export the picture in it"),
    (b"\x1aE\xdf\xa3", "a video", "save one frame of it as PNG"),
    (b"ID3", "a sound file", "send a picture"),
    (b"OggS", "a sound or video file", "send a picture"),
    (b"\x93NUMPY", "an array of NumPy", "save the picture as PNG"),
    (b"\x7fELF", "a program", "send a picture"),
    (b"MZ", "a program", "send a picture"),
)
"""Begin of a file, what it is, and what to do."""

_BRANDS: dict[bytes, str] = {
    **dict.fromkeys((b"avif", b"avis"), "an AVIF image"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "a HEIC image"),
    **dict.fromkeys((b"mif1", b"msf1", b"miaf"), "a HEIF image"),
    b"crx ": "a camera's raw file",
    b"jpeg": "a HEIF image",
}
_RIFF = {b"WAVE": "a sound file", b"AVI ": "a video"}

_BASE64 = re.compile(rb"(data:[^,]*,)?[A-Za-z0-9+/_-]{24,}[\s=]*")
_ADDRESS = re.compile(
    rb"\s*(?:[a-z]+://|/|\.{0,2}/|[A-Za-z]:\\"
    rb"|[^\r\n]{1,200}\.(?:jpe?g|png|webp|gif|bmp|tiff?|p[gp]m|hei[cf]|jfif)\s*\Z)",
    re.IGNORECASE,
)
_MARKUP: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "an SVG drawing", "export it as PNG"),
    (
        re.compile(rb"<(!doctype\s+html|html|head|body|title|script|div|p)[\s>]", re.IGNORECASE),
        "a web page in HTML",
        "look at what was downloaded: it may be an error page in place of the picture",
    ),
    (re.compile(rb"<[?!a-z]", re.IGNORECASE), "an XML document", "send a picture"),
)


def not_an_image(data: bytes, formats: Sequence[str]) -> ImageError:
    """Return the error for a file that begins like none of the formats that are read.

    Args:
        data: The file's bytes.
        formats: Pillow's names of the formats that are read.

    Returns:
        `BrokenImageError` where something is left of the beginning of one of the formats;
        otherwise `UnsupportedImageError`, with what the file is.
    """
    send = "send one of " + ", ".join(formats)
    if not data:
        return UnsupportedImageError(f"the file is empty: it has 0 bytes; {send}")
    damage = _damage_of_the_start(data)
    if damage is not None:
        return BrokenImageError(f"{damage}; send the file as it was saved, byte for byte")
    what, remedy = _kind(data)
    return UnsupportedImageError(f"{what}; {remedy}; {send}")


def _damage_of_the_start(data: bytes) -> str | None:
    """Describe the damage to the first bytes of an image file; None where none is seen."""
    head = data[:64]
    for signature, name in _SIGNATURES.items():
        if len(data) < len(signature) and len(data) > 1 and signature.startswith(data):
            return f"the {name} image is cut off after {len(data)} bytes"
    if head.startswith(_REPLACED) and any(name in head for name in (b"PNG", b"JFIF", b"Exif")):
        return "the image is damaged: it was read as text, which replaced its bytes"
    if head.startswith((b"\x89PNG", b"\x89png")) or head[1:8] == b"PNG\r\n\x1a\n":
        return "the PNG image is damaged in its first 8 bytes, as by a transfer as text"
    if head.startswith(b"\xff\xd8") or head[6:11] in {b"JFIF\0", b"Exif\0"}:
        return "the JPEG image is damaged in its first bytes"
    if head.startswith(b"RIFF") and (head[8:12] == b"WEBP" or len(data) < 12):  # noqa: PLR2004
        return "the WebP image is damaged or cut short in its first bytes"
    return None


def _kind(data: bytes) -> tuple[str, str]:
    """Return what a file is, as the begin of a sentence, and what to do."""
    head = data[:_HEAD]
    for look in (_by_start, _by_brand, _by_markup, _by_text):
        found = look(head)
        if found is not None:
            return f"this is {found[0]}, not an image that is read here", found[1]
    return "not an image that is read here", "its first bytes are of no known format"


def _by_start(head: bytes) -> tuple[str, str] | None:
    if b"%PDF-" in head[:1024]:
        return _BY_START[0][1:]
    if head[128:132] == b"DICM":
        return "a DICOM image", _IMAGE_REMEDY
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "a RIFF file"), "send a picture"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "a file that begins like a GIF and goes on as something else", "send a picture"
    return next((entry[1:] for entry in _BY_START if head.startswith(entry[0])), None)


def _by_brand(head: bytes) -> tuple[str, str] | None:
    if head[4:8] != b"ftyp":
        return None
    kind = _BRANDS.get(head[8:12])
    return (kind, _IMAGE_REMEDY) if kind else ("a video", "save one frame of it as PNG")


def _by_markup(head: bytes) -> tuple[str, str] | None:
    # Without byte order mark, and without the zeros of UTF-16.
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"").lstrip()
    if not text.startswith(b"<"):
        return None
    return next(((what, do) for mark, what, do in _MARKUP if mark.search(text)), None)


def is_text(data: bytes) -> bool:
    """Return whether a file begins with printable text in UTF-8."""
    text = data[:_HEAD].decode("utf-8", "replace").removesuffix("\ufffd")
    words = "".join(text.split())
    return bool(words) and words.isprintable() and "\ufffd" not in words


def _by_text(head: bytes) -> tuple[str, str] | None:
    if not any(head):
        return "a file of zero bytes only", "its content was lost: send the original"
    if not is_text(head):
        return None
    if _BASE64.match(head):
        return "base64 text", "decode it, or send it as JSON"
    if _ADDRESS.match(head):
        remedy = "send the bytes of the image, which is never fetched (curl reads a file by @: "
        return "an address or a path", remedy + "-F image=@photo.jpg)"
    return "text", "send the bytes of the image"
