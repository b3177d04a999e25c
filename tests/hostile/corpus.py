"""Images that are damaged, absurd or malicious, made here byte by byte; nothing is stored."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tests.fakes import encoded, image_of

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM")
IMAGE_PROBLEMS = {
    "unsupported-image": 415,
    "broken-image": 422,
    "image-too-large": 413,
}
"""Every problem that an image may be told to have, and its status."""


@dataclass(frozen=True)
class Case:
    """One file and the problem that it has; empty where it is taken."""

    name: str
    make: Callable[[], bytes]
    problem: str = ""

    def __str__(self):
        return self.name

    @property
    def data(self):
        """Made where it is sent: all of them take a second, in each process that collects tests."""
        return self.make()


def whole(file_format):
    """An image file with enough detail to have something of everything inside."""
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 40, (112, 92), dtype=np.uint8)
    picture = Image.fromarray(np.asarray(image_of(1)) // 2 + noise)
    if file_format == "GIF":
        picture = picture.convert("P")
    return encoded(picture, file_format)


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *before_data, data=b""):
    """A grey PNG with chunks of one's own between its header and its data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            png_chunk(b"IHDR", header),
            *before_data,
            png_chunk(b"IDAT", data or zlib.compress((b"\0" + b"\x80" * width) * height)),
            png_chunk(b"IEND", b""),
        ]
    )


def zeros(size):
    """Compressed zeros, half a percent of their size."""
    return zlib.compress(bytes(size), 1)


def tiff(width, height, tags, data=b""):
    """A little-endian grey TIFF; `tags` are number → value, all LONG; None is where the data is."""
    entries = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 277: 1} | tags
    start = 8 + 2 + 12 * len(entries) + 4
    fields = b"".join(
        struct.pack("<HHII", tag, 4, 1, start if value is None else value)
        for tag, value in sorted(entries.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + fields + bytes(4) + data


def tile_bomb(side):
    """A small TIFF in one tile that is very much larger, and all zeros."""
    packed = zeros(side * side)
    tags = {259: 8, 322: side, 323: side, 324: None, 325: len(packed)}
    return tiff(100, 100, tags, packed)


def jpeg_with_scans(scans, size=(640, 480), *, progressive=True):
    """A JPEG whose canvas is gone over again and again, at some bytes a scan."""
    data = encoded(Image.new("RGB", size), "JPEG", progressive=progressive)
    if progressive:
        start, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
        return data[:end] + data[start:end] * scans + data[end:]
    start = data.index(b"\xff\xda")
    return data[:start] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" * scans + b"\xff\xd9"


def patched(data, at, value):
    """A file with some of its bytes replaced."""
    return data[:at] + value + data[at + len(value) :]


def gif_canvas():
    return patched(whole("GIF"), 6, struct.pack("<HH", 65_535, 65_535))


def gif_frame():
    """A small canvas with a huge frame on it."""
    data = encoded(Image.new("P", (10, 10)), "GIF")
    return patched(data, data.index(b"\x2c\0\0\0\0") + 5, struct.pack("<HH", 60_000, 60_000))


def webp_canvas():
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    return patched(data, data.index(b"VP8X") + 12, b"\xfe\x3f\0\xfe\x3f\0")


def jpeg_canvas():
    data = whole("JPEG")
    return patched(data, data.index(b"\xff\xc0") + 5, struct.pack(">HH", 65_500, 65_500))


def bmp_canvas():
    return patched(whole("BMP"), 18, struct.pack("<ii", 60_000, 60_000))


BOMBS = (
    Case("PNG canvas", lambda: png(60_000, 60_000, data=b"x"), "image-too-large"),
    Case("GIF canvas", gif_canvas, "image-too-large"),
    Case("GIF frame", gif_frame, "image-too-large"),
    Case("WebP canvas", webp_canvas, "image-too-large"),
    Case("JPEG canvas", jpeg_canvas, "image-too-large"),
    Case("BMP canvas", bmp_canvas, "image-too-large"),
    Case("PPM canvas", lambda: b"P6 60000 60000 255\n", "image-too-large"),
    Case(
        "TIFF canvas",
        lambda: tiff(60_000, 60_000, {273: None, 279: 9}, bytes(9)),
        "image-too-large",
    ),
    Case("TIFF tile", lambda: tile_bomb(9_000), "image-too-large"),
    Case("progressive scans", lambda: jpeg_with_scans(2_000), "image-too-large"),
    Case(
        "sequential scans",
        lambda: jpeg_with_scans(20_000, progressive=False),
        "image-too-large",
    ),
    Case(
        "PNG text",
        lambda: png(8, 8, png_chunk(b"zTXt", b"k\0\0" + zeros(80_000_000))),
        "broken-image",
    ),
    Case(
        "PNG profile",
        lambda: png(8, 8, png_chunk(b"iCCP", b"k\0\0" + zeros(80_000_000))),
        "broken-image",
    ),
    Case("PNG data beyond its canvas", lambda: png(8, 8, data=zeros(80_000_000))),
    Case(
        "TIFF strip count", lambda: tiff(8, 8, {273: None, 278: 1, 279: 2**32 - 1}), "broken-image"
    ),
)
"""Small files that promise, or unpack to, very much; one that unpacks to too much data is taken,
since only its canvas is unpacked."""


def exif_of(size):
    exif = Image.Exif()
    exif[0x9286] = b"x" * size
    return exif.tobytes()


def animated(file_format):
    frames = [image_of(1), image_of(2), image_of(3)]
    options = {"lossless": True} if file_format == "WEBP" else {}
    return encoded(frames[0], file_format, save_all=True, append_images=frames[1:], **options)


SAME_AS_PLAIN = (
    Case("animated PNG", lambda: animated("PNG")),
    Case("animated WebP", lambda: animated("WEBP")),
    Case(
        "huge EXIF in JPEG", lambda: encoded(image_of(1), "JPEG", quality=100, exif=exif_of(60_000))
    ),
    Case("huge EXIF in PNG", lambda: encoded(image_of(1), exif=exif_of(500_000))),
    Case("PNG with a ZIP behind it", lambda: encoded(image_of(1)) + b"PK\x03\x04" + bytes(1000)),
    Case(
        "PNG with a script behind it", lambda: encoded(image_of(1)) + b"<script>alert(1)</script>"
    ),
    Case(
        "palette with alpha",
        lambda: encoded(image_of(1).convert("RGBA").quantize(256), transparency=bytes([255] * 256)),
    ),
)
"""Files with much around them, whose picture is that of `encoded(image_of(1))`."""

NO_IMAGES = (
    Case("no byte", lambda: b"", "unsupported-image"),
    Case("zero bytes", lambda: bytes(10_000), "unsupported-image"),
    Case("PDF before a JPEG", lambda: b"%PDF-1.7\n" + whole("JPEG"), "unsupported-image"),
    Case("page before a PNG", lambda: b"<html>" + whole("PNG"), "unsupported-image"),
    Case(
        "GIF that is a script",
        lambda: b"GIF89a=1;/*" + bytes(200) + b"*/alert(1)",
        "unsupported-image",
    ),
    Case("path", lambda: b"/etc/passwd", "unsupported-image"),
    Case("URL", lambda: b"http://127.0.0.1/one.png", "unsupported-image"),
    Case(
        "ImageMagick's own",
        lambda: b"push graphic-context\nfill 'url(https://x/y)'",
        "unsupported-image",
    ),
    Case(
        "SVG",
        lambda: b"<svg xmlns='x'><image href='file:///etc/passwd'/></svg>",
        "unsupported-image",
    ),
    Case("PostScript", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run", "unsupported-image"),
)
"""What only looks like an image, or leads to one."""

ABSURD = (
    Case("1x1", lambda: encoded(Image.new("L", (1, 1)))),
    Case("65,535x1", lambda: encoded(Image.new("L", (65_535, 1), 30))),
    Case("1x65,535", lambda: encoded(Image.new("L", (1, 65_535), 30))),
    Case("16 bits", lambda: encoded(Image.new("I;16", (1900, 2000), 9), compress_level=1)),
    Case(
        "alpha", lambda: encoded(Image.new("RGBA", (1900, 2000), (9, 0, 0, 99)), compress_level=1)
    ),
    Case("CMYK", lambda: encoded(Image.new("CMYK", (1900, 2000), (9, 0, 0, 99)), "JPEG")),
)
"""Taken, whatever they ask for."""


def cuts():
    """Each format cut at each kind of place, as (format, place, the bytes that are left)."""
    places = {"header": 0.01, "tables": 0.1, "pixels": 0.5, "trailer": 0.998}
    for file_format in FORMATS:
        data = whole(file_format)
        for place, share in places.items():
            yield file_format, place, data[: max(3, int(len(data) * share))]


def flips(file_format, count=12):
    """A file with one bit turned, at places spread over it."""
    data = whole(file_format)
    rng = np.random.default_rng(len(data))
    for place in np.linspace(0, len(data) - 1, count).astype(int):
        bit = 1 << int(rng.integers(8))
        yield patched(data, int(place), bytes([data[place] ^ bit]))


def orientations():
    """The same picture as eight cameras would store it, upright when all is said."""
    upright = np.asarray(image_of(1))
    turn = {
        1: upright,
        2: np.fliplr(upright),
        3: np.rot90(upright, 2),
        4: np.flipud(upright),
        5: upright.T,
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).T,
        8: np.rot90(upright, -1),
    }
    for orientation, stored in turn.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)


def first_frame(data):
    """The picture that a viewer shows first."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("L")
