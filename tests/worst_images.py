"""Small files whose decoding takes as much memory as their format allows, made here.

Each is valid: a service that has the memory takes it. `tests/model/test_decoding_cost.py` measures
what each costs; `tests/hostile/test_memory_limit.py` sends them all at a service in a cgroup.
"""

import functools
import io
import itertools
import struct
import zlib

from PIL import Image

from tests import webp_streams
from tests.hostile.corpus import png_chunk, tiff

GREY, RGB, PALETTE, LA, RGBA = 0, 2, 3, 4, 6
"""Colour types of PNG."""
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, LA: 2, RGBA: 4}


def shapes(pixels):
    """A square, one row and one column of about as many pixels."""
    side = int(pixels**0.5)
    return {"square": (side, side), "row": (pixels, 1), "column": (1, pixels)}


PIECE = 1 << 20


@functools.cache
def _packed_zeros(count, end):
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(bytes(count)) + packer.flush(end)


def zeros(count):
    """`count` zeros, compressed: a piece is packed once and repeated, each apart from the last."""
    pieces, rest = divmod(count, PIECE)
    whole = _packed_zeros(PIECE, zlib.Z_FULL_FLUSH) * pieces + _packed_zeros(rest, zlib.Z_FINISH)
    adler32 = (count % 65_521) << 16 | 1
    return b"\x78\xda" + whole + struct.pack(">I", adler32)


def png(size, colour, depth=8, *, interlaced=False, chunks=(), turned=0):  # noqa: PLR0913 (its header)
    """A PNG of zeros."""
    width, height = size
    row = SAMPLES[colour] * depth
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [
            (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
            (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
        ]  # fmt: skip
    raw = 0
    for left, top, right, down in passes:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        raw += (1 + -(-columns * row // 8)) * rows if columns > 0 and rows > 0 else 0
    if colour == PALETTE:
        chunks = (png_chunk(b"PLTE", bytes(768)), *chunks)
    if turned:
        chunks = (*chunks, png_chunk(b"eXIf", exif(turned)[6:]))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    data = [png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", zeros(raw))]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*data, png_chunk(b"IEND", b"")])


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def saved(mode, size, file_format, frames=1, **options):
    """A file written by Pillow, of one colour; frames of an animation differ."""
    image, file = Image.new(mode, size), io.BytesIO()
    if frames > 1:
        others = [Image.new(mode, size, n) for n in range(1, frames)]
        options |= {"save_all": True, "append_images": others}
    image.save(file, file_format, **options)
    return file.getvalue()


def one_strip(size, samples, bits=8, photometric=2, **tags):
    """A TIFF in one strip, compressed by deflate."""
    width, height = size
    packed = zeros(-(-width * samples * bits // 8) * height)
    fields = {258: bits, 259: 8, 262: photometric, 273: None, 277: samples, 278: height}
    fields |= {279: len(packed)} | {int(tag.removeprefix("tag")): n for tag, n in tags.items()}
    return tiff(width, height, fields, packed)


def tiles(size, tile, samples, **tags):
    """A TIFF in tiles, all of them the same bytes of the file."""
    packed = zeros(tile[0] * tile[1] * samples)
    width, height = size
    count = -(-width // tile[0]) * -(-height // tile[1])
    assert count == 1
    fields = {258: 8, 259: 8, 262: 2, 277: samples}
    fields |= {322: tile[0], 323: tile[1], 324: None, 325: len(packed)}
    fields |= {int(tag.removeprefix("tag")): n for tag, n in tags.items()}
    return tiff(width, height, fields, packed)


def many_strips(count):
    """A raw TIFF of one column whose table has very many strips."""
    table = struct.pack(f"<{count}H", *[8] * count)
    entries = {
        256: (4, 1, 1), 257: (4, 1, count), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1),
        273: (3, count, 8), 277: (3, 1, 1), 278: (4, 1, 1), 279: (3, count, 8),
    }  # fmt: skip
    body = b"II*\0" + struct.pack("<I", 8 + len(table)) + table
    body += struct.pack("<H", len(entries))
    for tag, (kind, number, value) in sorted(entries.items()):
        body += struct.pack("<HHII", tag, kind, number, value)
    return body + bytes(4)


def bmp_rle(size):
    """A BMP whose one command skips to its end."""
    width, height = size
    commands = b"\0\2\xff\xff" * (width * height // (255 * (width + 1)) + 2) + b"\0\1"
    start = 14 + 40 + 1024
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(commands), 0, 0, 256, 0)
    file = struct.pack("<2sIHHI", b"BM", start + len(commands), 0, 0, start)
    return file + head + bytes(range(256)) * 4 + commands


def segments(count):
    """A JPEG with very many empty application segments."""
    data = saved("RGB", (64, 64), "JPEG")
    return data[:2] + b"\xff\xe5\0\2" * count + data[2:]


def chunks(count):
    """A PNG with very many empty chunks of its own."""
    return png((8, 8), GREY, chunks=(png_chunk(b"prVt", b"") * count,))


def texts(count, each=1_000_000):
    """A PNG with international texts that take four bytes a character."""
    text = zlib.compress(("\N{GRINNING FACE}" + " " * each).encode())
    return png(
        (8, 8),
        GREY,
        chunks=[png_chunk(b"iTXt", b"k%d\0\1\0\0\0" % n + text) for n in range(count)],
    )


def gif_comments(count):
    """A GIF with a comment in very many blocks."""
    data = saved("P", (8, 8), "GIF")
    at = data.index(b"\x2c\0\0\0\0")
    return data[:at] + b"!\xfe" + b"\2ab" * count + b"\0" + data[at:]


def worst_images(pixels):
    """Name → maker of a file, of about that many pixels."""
    made = {}
    for family in (pngs, webps, jpegs, tiffs, others):
        made |= family(pixels)
    return made


def pngs(pixels):
    made = {}
    for (shape, size), (name, colour, depth) in itertools.product(
        shapes(pixels).items(),
        [("grey", GREY, 8), ("grey 1", GREY, 1), ("grey 16", GREY, 16), ("RGB", RGB, 8),
         ("RGB 16", RGB, 16), ("palette", PALETTE, 8), ("LA", LA, 8), ("LA 16", LA, 16),
         ("RGBA", RGBA, 8), ("RGBA 16", RGBA, 16)],
    ):  # fmt: skip
        made[f"PNG {name} {shape}"] = functools.partial(png, size, colour, depth)
    square = shapes(pixels)["square"]
    for colour, name in {GREY: "grey", RGB: "RGB", RGBA: "RGBA", LA: "LA"}.items():
        made[f"PNG {name} turned"] = functools.partial(png, square, colour, turned=6)
        made[f"PNG {name} interlaced"] = functools.partial(png, square, colour, interlaced=True)
    made["PNG RGBA row turned"] = functools.partial(png, (pixels, 1), RGBA, turned=6)
    trns = png_chunk(b"tRNS", bytes(256))
    made["PNG palette transparent"] = functools.partial(png, square, PALETTE, chunks=(trns,))
    rgb_trns = png_chunk(b"tRNS", bytes(6))
    made["PNG RGB transparent"] = functools.partial(png, square, RGB, chunks=(rgb_trns,))
    made["PNG grey transparent"] = functools.partial(
        png, square, GREY, chunks=(png_chunk(b"tRNS", bytes(2)),)
    )
    made["PNG animated"] = functools.partial(saved, "RGBA", square, "PNG", frames=3)
    return made


def webps(pixels):
    made, square = {}, shapes(pixels)["square"]
    wide = (16_383, max(1, pixels // 16_383))
    tall = wide[::-1]
    for size, shape in ((square, "square"), (wide, "wide"), (tall, "tall")):
        for mode in ("RGB", "RGBA"):
            for lossless in (True, False):
                kind = "lossless" if lossless else "lossy"
                made[f"WebP {kind} {mode} {shape}"] = functools.partial(
                    saved, mode, size, "WEBP", lossless=lossless, method=0, quality=0
                )
    for mode in ("RGB", "RGBA"):
        made[f"WebP animated {mode}"] = functools.partial(
            saved, mode, square, "WEBP", frames=2, lossless=True, method=0, quality=0
        )
        made[f"WebP turned {mode}"] = functools.partial(
            saved, mode, square, "WEBP", lossless=True, method=0, quality=0, exif=exif(6)
        )
    for kind in (webp_streams.lossless, webp_streams.with_alpha, webp_streams.animated):
        made[f"WebP code tables {kind.__name__}"] = functools.partial(code_tables, kind, square)
    return made


def code_tables(kind, size):
    """A WebP with a group of code tables for each block, as many as there may be."""
    groups = min(65_536, webp_streams.blocks(size, 2))
    return kind(size, webp_streams.stream(size, groups))


def jpegs(pixels):
    made, square = {}, shapes(pixels)["square"]
    long = (65_500, max(1, pixels // 65_500))
    for mode, size in itertools.product(("L", "RGB", "CMYK"), (square, long)):
        for progressive in (False, True):
            name = f"JPEG {mode} {'progressive' if progressive else 'baseline'} {size[0]}"
            made[name] = functools.partial(
                saved, mode, size, "JPEG", progressive=progressive, subsampling=0, exif=exif(6)
            )
    made["JPEG thin"] = functools.partial(saved, "CMYK", (1, 65_500), "JPEG", progressive=True)
    return made


def tiffs(pixels):
    made, square = {}, shapes(pixels)["square"]
    for samples, bits, photometric, name in [
        (1, 8, 1, "grey"), (1, 1, 1, "grey 1"), (1, 16, 1, "grey 16"), (1, 32, 1, "int"),
        (3, 8, 2, "RGB"), (3, 16, 2, "RGB 16"), (4, 8, 2, "RGBX"), (4, 16, 5, "CMYK 16"),
        (4, 8, 5, "CMYK"), (3, 8, 6, "YCbCr"),
    ]:  # fmt: skip
        made[f"TIFF {name} strip"] = functools.partial(
            one_strip, square, samples, bits, photometric
        )
        made[f"TIFF {name} strip turned"] = functools.partial(
            one_strip, square, samples, bits, photometric, tag274=6
        )
    made["TIFF RGBA strip turned"] = functools.partial(
        one_strip, square, 4, 8, 2, tag338=2, tag274=6
    )
    made["TIFF RGBA 16 strip"] = functools.partial(one_strip, square, 4, 16, 2, tag338=2)
    made["TIFF RGBA row"] = functools.partial(one_strip, (pixels, 1), 4, 8, 2, tag338=2)
    made["TIFF RGBA column"] = functools.partial(one_strip, (1, pixels), 4, 8, 2, tag338=2)
    made["TIFF tile"] = functools.partial(tiles, square, square, 3)
    made["TIFF large tile"] = functools.partial(tiles, (100, 100), square, 3)
    for codec in ("tiff_lzw", "packbits", "zstd", "lzma", "jpeg", "tiff_adobe_deflate"):
        made[f"TIFF {codec}"] = functools.partial(
            saved, "RGB", square, "TIFF", compression=codec, tiffinfo={278: square[1], 274: 6}
        )
    made["TIFF group4"] = functools.partial(
        saved, "1", square, "TIFF", compression="group4", tiffinfo={278: square[1], 274: 6}
    )
    return made


def others(pixels):
    made, square = {}, shapes(pixels)["square"]
    gif = (65_535, max(1, pixels // 65_535))
    for size, name in ((square, "square"), (gif, "wide"), (gif[::-1], "tall")):
        made[f"GIF {name}"] = functools.partial(saved, "P", size, "GIF", interlace=1)
    made["GIF animated"] = functools.partial(
        saved, "P", square, "GIF", frames=3, disposal=2, transparency=0
    )
    made["BMP run lengths"] = functools.partial(bmp_rle, square)
    made["PPM bits"] = functools.partial(saved, "1", square, "PPM")
    made["PPM cut"] = lambda: b"P6 %d %d 255\n" % square
    return made


FIXED = {
    "JPEG segments": lambda: segments(1_500),
    "PNG chunks": lambda: chunks(9_000),
    "PNG texts": lambda: texts(1),
    "TIFF strips": lambda: many_strips(20_000),
    "GIF comments": lambda: gif_comments(9_000),
}
"""Small pictures whose cost lies in what stands around their pixels."""
