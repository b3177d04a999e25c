"""TIFF files written by hand, in layouts that no writer at hand makes."""

import struct
import zlib

import numpy as np

SHORT, LONG = 3, 4
_FORMATS = {SHORT: "H", LONG: "I"}


PLAIN = {
    "sample_format": 1,
    "endian": "<",
    "planar": 1,
    "fill_order": 1,
    "compression": 1,
    "extra": (),
    "more": (),
}


def tiff_file(samples, bits, photometric=1, **layout):
    """A TIFF of one strip a plane.

    Args:
        samples: Integers or floats, shape (height, width) or (height, width, channels).
        bits: Of each sample.
        photometric: The tag's value; None leaves the tag out.
        layout: In place of what `PLAIN` has. `sample_format` is 1 for unsigned, 2 for signed, 3
            for floating point; `planar` 2 stores one channel after another; `fill_order` 2
            reverses the bits of each byte; `compression` is 1 for none, 8 for deflate; `extra` has
            the meaning of each channel beyond the colours; `more` has tags as (tag, type, values).
    """
    layout = PLAIN | layout
    endian, planar, compression = (layout[n] for n in ("endian", "planar", "compression"))
    fill_order, sample_format = layout["fill_order"], layout["sample_format"]
    samples = np.asarray(samples)
    cube = samples.reshape(*samples.shape[:2], -1)
    height, width, channels = cube.shape
    planes = [cube] if planar == 1 else [cube[..., n] for n in range(channels)]
    strips = [_packed(plane.reshape(height, -1), bits, sample_format, endian) for plane in planes]
    if fill_order == 2:
        strips = [_reversed(strip) for strip in strips]
    if compression == 8:
        strips = [zlib.compress(strip) for strip in strips]
    tags = [
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [bits] * channels),
        (259, SHORT, [compression]),
        (262, SHORT, [] if photometric is None else [photometric]),
        (266, SHORT, [fill_order]),
        (277, SHORT, [channels]),
        (278, LONG, [height]),
        (279, LONG, [len(strip) for strip in strips]),
        (284, SHORT, [planar]),
        (338, SHORT, list(layout["extra"])),
        (339, SHORT, [sample_format] * channels),
        *layout["more"],
    ]
    return _file([tag for tag in tags if tag[2]], strips, endian)


def _packed(rows, bits, sample_format, endian):
    if sample_format == 3:
        return rows.astype(f"{endian}f{bits // 8}").tobytes()
    if bits in {8, 16, 32, 64}:
        kind = "i" if sample_format == 2 else "u"
        return rows.astype(f"{endian}{kind}{bits // 8}").tobytes()
    single = (rows.astype(int)[..., None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(single.reshape(len(rows), -1).astype(np.uint8), axis=1).tobytes()


def _reversed(strip):
    single = np.unpackbits(np.frombuffer(strip, dtype=np.uint8).reshape(-1, 1), axis=1)
    return np.packbits(single[:, ::-1], axis=1).tobytes()


def _file(tags, strips, endian):
    tags = sorted([*tags, (273, LONG, [0] * len(strips))])
    end_of_tags = 8 + 2 + 12 * len(tags) + 4
    long_values = [struct.calcsize(_FORMATS[kind]) * len(v) for _, kind, v in tags]
    first = end_of_tags + sum(size + size % 2 for size in long_values if size > 4)
    places = first + np.cumsum([0] + [len(strip) for strip in strips[:-1]])
    entries, values = b"", b""
    for tag, kind, value in tags:
        numbers = places.tolist() if tag == 273 else value
        data = struct.pack(f"{endian}{len(numbers)}{_FORMATS[kind]}", *numbers)
        if len(data) > 4:
            place = struct.pack(endian + "I", end_of_tags + len(values))
            values += data + bytes(len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries += struct.pack(endian + "HHI", tag, kind, len(numbers)) + place
    order = b"II" if endian == "<" else b"MM"
    head = order + struct.pack(endian + "HIH", 42, 8, len(tags))
    return head + entries + bytes(4) + values + b"".join(strips)
