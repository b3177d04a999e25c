"""Lossless WebP streams, written bit by bit (RFC 9649), with as many code tables as is wanted."""

import io
import itertools
import struct

from PIL import Image

UNIFORM_LENGTHS = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8)
"""Lengths of codes in the order of the format, up to 8."""


class Writer:
    """Bits, the lowest of each byte first."""

    def __init__(self):
        self._parts = []

    def put(self, value, count):
        self._parts.append(f"{value:0{count}b}"[::-1] if count else "")

    def symbol(self, value):
        """A symbol of a code of 256 symbols with 8 bits each, whose highest comes first."""
        self._parts.append(f"{value:08b}")

    def single(self):
        """A code of one symbol, 0, which takes no bits."""
        self._parts.append("1000")

    def uniform(self, alphabet):
        """A code in which symbols up to 255 have 8 bits each, and others none."""
        self.put(0, 1)
        self.put(len(UNIFORM_LENGTHS) - 4, 4)
        for length in UNIFORM_LENGTHS:
            self.put(1 if length in {0, 8} else 0, 3)
        self.put(0, 1)
        self._parts.append("1" * 256 + "0" * (alphabet - 256))

    def bytes(self):
        bits = "".join(self._parts)
        bits += "0" * (-len(bits) % 8)
        return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little")


def stream(size, groups, log_side=2, transforms=()):
    """A stream without its header: so many groups of tables, and transforms before.

    Args:
        size: Width and height.
        groups: Number of groups of tables, each named by a block; 0 for one of all blocks.
        log_side: Binary logarithm of the blocks' side.
        transforms: Pairs of a kind, 0 or 1, and the binary logarithm of its blocks' side.
    """
    out = Writer()
    for kind, log_of_kind in transforms:
        out.put(1, 1)
        out.put(kind, 2)
        out.put(log_of_kind - 2, 3)
        _image(out, ((n % 14, n % 256) for n in range(blocks(size, log_of_kind))))
    out.put(0, 1)  # No more transforms.
    out.put(0, 1)  # No colour cache.
    out.put(1 if groups else 0, 1)
    if groups:
        out.put(log_side - 2, 3)
        _image(out, (divmod(n % groups, 256)[::-1] for n in range(blocks(size, log_side))))
    for _ in range(5 * max(1, groups)):
        out.single()
    return out.bytes()


def blocks(size, log_side):
    width, height = size
    return (-(-width // 2**log_side)) * -(-height // 2**log_side)


def _image(out, pixels):
    """An image whose green and red are given, and blue and alpha 0."""
    out.put(0, 1)
    out.uniform(280)
    out.uniform(256)
    for _ in range(3):
        out.single()
    for green, red in pixels:
        out.symbol(green)
        out.symbol(red)


def lossless(size, data):
    """A file of a lossless image."""
    width, height = size
    head = Writer()
    for value, count in ((0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 4)):
        head.put(value, count)
    return riff(chunk(b"VP8L", head.bytes() + data))


def with_alpha(size, data):
    """A file of a lossy image with a lossless alpha."""
    width, height = size
    lossy = io.BytesIO()
    Image.new("RGB", size).save(lossy, "WEBP", quality=0, method=0)
    extended = struct.pack("<I", 0x10) + (width - 1).to_bytes(3, "little")
    extended += (height - 1).to_bytes(3, "little")
    place = lossy.getvalue().index(b"VP8 ")
    return riff(chunk(b"VP8X", extended), chunk(b"ALPH", b"\1" + data), lossy.getvalue()[place:])


def animated(size, first, second=None):
    """An animation of two lossless frames, the second of one group of tables if none is given."""
    width, height = size
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    frames = (first, stream(size, 0) if second is None else second)
    return riff(
        chunk(b"VP8X", struct.pack("<I", 0x12) + sides),
        chunk(b"ANIM", bytes(6)),
        *(
            chunk(b"ANMF", bytes(6) + sides + bytes(4) + lossless(size, each)[12:])
            for each in frames
        ),
    )


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def riff(*chunks):
    body = b"WEBP" + b"".join(itertools.chain(chunks))
    return b"RIFF" + struct.pack("<I", len(body)) + body
