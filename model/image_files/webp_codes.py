"""Bound of the memory that the tables of a WebP's lossless codes take, which no canvas bounds.

Lossless WebP divides an image, or the alpha of a lossy one, into blocks of 4 x 4 pixels or more,
and each block may have code tables of its own: a file of 300 kB makes libwebp build 370 MB of them.
The side of the blocks stands behind up to four transforms, whose own small images have to be passed
over code by code (RFC 9649, sections 3 to 6.2). Where that is not possible the side is taken as 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_MAX_GROUPS = 1 << 16
_UNMAPPED_GROUPS = 1000
"""Up to so many groups libwebp builds also those that no block names."""
_GROUP_BYTES = 21_000
"""Memory of a group's five tables at most, with the largest colour cache."""
_BYTES_PER_BYTE = 2_300
"""Memory of the tables for a byte of the file at most: a group of 5.7 kB needs 20 bits."""
_SMALL = 64_000_000
"""Bound of the tables, in bytes, up to which the stream is not looked into."""
_MAX_PASSED = 50_000
"""Maximum pixels of the transforms' images that are passed over, which takes 0.12 s; libwebp's own
encoder makes some 20,000 of a photograph of 3 million pixels with its slowest method."""
_FINEST = 2
"""Binary logarithm of the least side of a block."""
_ALPHABETS = (280, 256, 256, 256, 40)
"""Sizes of the alphabets of green (with 24 lengths), red, blue, alpha and distances."""
_LITERALS, _LENGTHS = 256, 280
"""Symbols of green below which it is a literal, and below which it is a length."""
_ORDER = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
_REPEAT, _ZEROS, _MANY_ZEROS = 16, 17, 18
_PREDICTOR, _COLOUR, _GREEN, _PALETTE = range(4)
_HEADER_BYTES, _FRAME_BYTES, _SIGNATURE_BYTES = 12, 16, 5
"""Bytes before the first chunk, before the chunks of a frame, and before the stream of an image."""
_MAX_CHUNKS = 1000
"""Maximum number of chunks that are looked at, which takes 1 ms."""
_LOSSLESS_ALPHA = 1


_Size = tuple[int, int]
"""Width and height in pixels."""


class _NotPassedError(Exception):
    """The stream ends early, is invalid, or has too much to pass over."""


@dataclass(frozen=True)
class _Stream:
    """A lossless stream from its transforms on, and the size of its image."""

    data: bytes
    size: _Size


@dataclass(frozen=True)
class _Code:
    """A prefix code: the symbol and its length for each value of the next bits."""

    bits: int
    table: Sequence[tuple[int, int]]


class _Bits:
    """Reader of bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._next, self._held, self._count = data, 0, 0, 0

    def read(self, count: int) -> int:
        """Read a number of so many bits, at most 32.

        Raises:
            _NotPassedError: The stream ends before.
        """
        value = self.peek(count)
        self._held >>= count
        self._count -= count
        if self._count < 0:
            raise _NotPassedError
        return value

    def peek(self, count: int) -> int:
        """Return the next bits without passing them; zeros behind the end."""
        if self._count < count:
            piece = self._data[self._next : self._next + 8]
            self._held |= int.from_bytes(piece, "little") << max(0, self._count)
            self._next += len(piece)
            self._count += 8 * len(piece)
        return self._held & ((1 << count) - 1)

    def symbol(self, code: _Code) -> int:
        """Read a symbol."""
        symbol, length = code.table[self.peek(code.bits)]
        self.read(length)
        return symbol


def code_tables_bytes(data: bytes, width: int, height: int) -> int:
    """Return the bytes of libwebp's code tables at most, for a WebP whose canvas has this size."""
    try:
        streams = _streams(data, (width, height))
    except _NotPassedError:
        return unknown_tables_bytes(len(data), width, height)
    return max((_tables(stream) for stream in streams), default=0)


def unknown_tables_bytes(compressed: int, width: int, height: int) -> int:
    """Return the bytes of code tables at most, of so many bytes that are not looked into."""
    return _bound(compressed, (width, height), _FINEST)


def _streams(data: bytes, canvas: _Size) -> list[_Stream]:
    """Return the lossless image and alpha of a file, or of the first frame of an animation.

    Raises:
        _NotPassedError: There are more chunks than are looked at.
    """
    found: dict[bytes, _Stream] = {}
    place, size, in_frame = _HEADER_BYTES, canvas, False
    for _ in range(_MAX_CHUNKS):
        kind, length = data[place : place + 4], _number_of(data, place + 4, 4)
        place += 8
        if place > len(data) or (kind == b"ANMF" and in_frame):
            return list(found.values())
        if kind == b"ANMF":
            size = (1 + _number_of(data, place + 6, 3), 1 + _number_of(data, place + 9, 3))
            place, in_frame = place + _FRAME_BYTES, True
            continue
        if kind == b"VP8L":
            found.setdefault(kind, _Stream(data[place + _SIGNATURE_BYTES : place + length], size))
        elif kind == b"ALPH" and _number_of(data, place, 1) & 3 == _LOSSLESS_ALPHA:
            found.setdefault(kind, _Stream(data[place + 1 : place + length], size))
        place += length + length % 2
    raise _NotPassedError


def _number_of(data: bytes, place: int, count: int) -> int:
    return int.from_bytes(data[place : place + count], "little")


def _tables(stream: _Stream) -> int:
    compressed, size = len(stream.data), stream.size
    coarse = _bound(compressed, size, _FINEST)
    if coarse <= _SMALL:
        return coarse
    try:
        side = _side_of_blocks(_Bits(stream.data), size)
    except _NotPassedError:
        return coarse
    return 0 if side is None else _bound(compressed, size, side)


def _bound(compressed: int, size: _Size, side: int) -> int:
    blocks = _blocks(size, side)
    groups = min(_MAX_GROUPS, max(blocks, min(_UNMAPPED_GROUPS, size[0] * size[1])))
    return min(groups * _GROUP_BYTES, compressed * _BYTES_PER_BYTE)


def _blocks(size: _Size, side: int) -> int:
    across, down = (-(-pixels >> side) for pixels in size)
    return across * down


def _side_of_blocks(bits: _Bits, size: _Size) -> int | None:
    """Return the binary logarithm of the blocks' side; None where all blocks share their tables."""
    left = _MAX_PASSED
    while bits.read(1):
        kind = bits.read(2)
        if kind in {_PREDICTOR, _COLOUR}:
            pixels = _blocks(size, _FINEST + bits.read(3))
        elif kind == _PALETTE:
            pixels = 1 + bits.read(8)
        else:
            continue
        left -= pixels
        if left < 0:
            raise _NotPassedError
        _pass_image(bits, pixels)
    _cache_symbols(bits)
    return _FINEST + bits.read(3) if bits.read(1) else None


def _cache_symbols(bits: _Bits) -> int:
    return 1 << bits.read(4) if bits.read(1) else 0


def _pass_image(bits: _Bits, pixels: int) -> None:
    """Pass over an image without transforms and blocks."""
    cached = _cache_symbols(bits)
    green, red, blue, alpha, distance = (
        _code(bits, alphabet + (cached if place == 0 else 0))
        for place, alphabet in enumerate(_ALPHABETS)
    )
    while pixels > 0:
        symbol = bits.symbol(green)
        if symbol < _LITERALS:
            for code in (red, blue, alpha):
                bits.symbol(code)
            pixels -= 1
        elif symbol < _LENGTHS:
            pixels -= _number(bits, symbol - _LITERALS)
            _number(bits, bits.symbol(distance))
        else:
            pixels -= 1


def _number(bits: _Bits, prefix: int) -> int:
    """Read a length or a distance."""
    if prefix < 4:  # noqa: PLR2004 (the first four have no further bits)
        return prefix + 1
    further = (prefix - 2) >> 1
    return ((2 + (prefix & 1)) << further) + bits.read(further) + 1


def _code(bits: _Bits, alphabet: int) -> _Code:
    """Read a prefix code."""
    lengths = [0] * alphabet
    if bits.read(1):
        symbols = 1 + bits.read(1)
        first = bits.read(8 if bits.read(1) else 1)
        named = [first, bits.read(8)] if symbols == 2 else [first]  # noqa: PLR2004
        if max(named) >= alphabet:
            raise _NotPassedError
        for symbol in named:
            lengths[symbol] = 1
    else:
        _read_lengths(bits, lengths)
    return _canonical(lengths)


def _read_lengths(bits: _Bits, lengths: list[int]) -> None:
    of_lengths = [0] * len(_ORDER)
    for place in range(4 + bits.read(4)):
        of_lengths[_ORDER[place]] = bits.read(3)
    code = _canonical(of_lengths)
    left = 2 + bits.read(2 + 2 * bits.read(3)) if bits.read(1) else len(lengths)
    symbol, previous = 0, 8
    while symbol < len(lengths) and left > 0:
        left -= 1
        length = bits.symbol(code)
        if length < _REPEAT:
            lengths[symbol] = length
            previous, symbol = length or previous, symbol + 1
            continue
        further, least = {_REPEAT: (2, 3), _ZEROS: (3, 3), _MANY_ZEROS: (7, 11)}[length]
        end = symbol + least + bits.read(further)
        if end > len(lengths):
            raise _NotPassedError
        lengths[symbol:end] = [previous if length == _REPEAT else 0] * (end - symbol)
        symbol = end


def _canonical(lengths: Sequence[int]) -> _Code:
    """Build the canonical code of some lengths; one symbol alone takes no bits.

    Raises:
        _NotPassedError: There are no or too many symbols.
    """
    used = sorted((length, symbol) for symbol, length in enumerate(lengths) if length)
    if not used:
        raise _NotPassedError
    if len(used) == 1:
        return _Code(0, ((used[0][1], 0),))
    longest, code, before = used[-1][0], 0, used[0][0]
    table = [(-1, 0)] * (1 << longest)
    for length, symbol in used:
        code <<= length - before
        before = length
        if code >> length:
            raise _NotPassedError
        reversed_ = int(f"{code:0{length}b}"[::-1], 2)
        table[reversed_ :: 1 << length] = [(symbol, length)] * (1 << (longest - length))
        code += 1
    if code != 1 << longest:
        raise _NotPassedError
    return _Code(longest, table)
