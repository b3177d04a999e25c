import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from model.errors import UnsupportedImageError
from model.manifest import Aspect, InputSpec
from model.preprocessing import preprocess, upright_image
from tests.fakes import encoded
from tests.model.tiff_files import LONG, SHORT, tiff_file

WIDTH, HEIGHT = 25, 32
SPEC = InputSpec(width=WIDTH, height=HEIGHT, channels=3, aspect=Aspect.STRETCH)


def colours():
    """A colour ramp without any symmetry, uint8, (height, width, 3)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT, WIDTH])[:, None, None]
    channels = [200 * x + 30 * y, 220 * y + 10, 128 + 120 * np.sin(3 * x + 5 * y)]
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


RGB = colours()
GREY = RGB[..., 2]
ALPHA = np.where(np.arange(WIDTH) < 10, 128, 255) * np.ones((HEIGHT, 1), dtype=int)
COLOURS = RGB.astype(int)


def seen(data):
    return preprocess(data, SPEC).astype(int)


def off(data, expected):
    """The greatest difference from what is expected, in levels."""
    expected = np.asarray(expected)
    expected = expected[..., None] if expected.ndim == 2 else expected
    return np.abs(seen(data) - expected).max()


def named(data, expected, tolerance, name):
    """Whether the file is refused by the name of its pixel type; if not, it is as expected."""
    try:
        difference = off(data, expected)
    except UnsupportedImageError as error:
        message = str(error)
    else:
        assert difference <= tolerance
        return False
    assert name in message
    return True


def over_white(colour):
    alpha = ALPHA if np.ndim(colour) == 2 else ALPHA[..., None]
    return (colour * alpha + 255 * (255 - alpha)) / 255


def of_bits(values, bits):
    """Levels from 0 to 255 in samples of so many bits."""
    return np.rint(np.asarray(values) / 255 * (2**bits - 1)).astype(np.int64)


# Greyscale TIFFs: bits, polarity, byte order, bit order and compression.


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16, 32])
def test_grey_tiffs_are_read_as_declared_or_named(bits, photometric, endian, compression):
    samples = of_bits(GREY, bits)
    expected = samples * 255 / (2**bits - 1)
    stored = samples if photometric else 2**bits - 1 - samples
    data = tiff_file(stored, bits, photometric, endian=endian, compression=compression)
    little_or_black = endian == "<" or photometric == 1
    taken = bits <= 8 or (bits == 12 and (endian, photometric) == ("<", 1))
    if taken or (bits == 16 and little_or_black):
        assert off(data, expected) <= 1
    else:
        with pytest.raises(UnsupportedImageError, match=f"{bits}-bit unsigned, greyscale"):
            preprocess(data, SPEC)


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
def test_reversed_bits_are_read_as_declared_or_named(bits, photometric, compression):
    samples = of_bits(GREY, bits)
    stored = samples if photometric else 2**bits - 1 - samples
    data = tiff_file(stored, bits, photometric, fill_order=2, compression=compression)
    if named(data, samples * 255 / (2**bits - 1), 1, f"{bits}-bit unsigned"):
        assert compression != 1 or bits > 4


@pytest.mark.parametrize(
    ("sample_format", "bits", "name"),
    [
        (2, 8, "8-bit signed"),
        (2, 16, "16-bit signed"),
        (2, 32, "32-bit signed"),
        (2, 64, "64-bit signed"),
        (1, 64, "64-bit unsigned"),
        (3, 16, "16-bit floating point"),
        (3, 32, "32-bit floating point"),
        (3, 64, "64-bit floating point"),
        (4, 8, "8-bit undefined"),
        (4, 16, "16-bit undefined"),
    ],
)
@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
def test_samples_without_a_defined_black_and_white_are_named(
    sample_format, bits, name, endian, compression
):
    values = GREY.astype(int) - (128 if sample_format == 2 else 0)
    data = tiff_file(
        values, bits, sample_format=sample_format, endian=endian, compression=compression
    )
    with pytest.raises(UnsupportedImageError, match=f"TIFF's pixels are {name}, greyscale"):
        preprocess(data, SPEC)


@pytest.mark.parametrize("sample_format", [2, 3, 4])
def test_colour_of_other_samples_is_named(sample_format):
    bits = 32 if sample_format == 3 else 8
    with pytest.raises(UnsupportedImageError, match=f"{bits}-bit .*, RGB"):
        preprocess(tiff_file(COLOURS, bits, 2, sample_format=sample_format), SPEC)


def test_grey_that_does_not_say_what_is_black_is_named():
    with pytest.raises(UnsupportedImageError, match="without a photometric interpretation"):
        preprocess(tiff_file(GREY, 8, None), SPEC)


@pytest.mark.parametrize(("photometric", "name"), [(8, "CIE Lab"), (9, "ICC Lab"), (10, "ITU Lab")])
def test_lab_is_named(photometric, name):
    with pytest.raises(UnsupportedImageError, match=name):
        preprocess(tiff_file(COLOURS, 8, photometric), SPEC)


def deep(kind, grey):
    """The kinds in which two people were once the same."""
    wide = grey.astype(np.int64)
    return {
        "12 bits": lambda: tiff_file(of_bits(grey, 12), 12),
        "int32 of the whole range": lambda: tiff_file(wide * 8421504, 32, sample_format=2),
        "uint32 of the whole range": lambda: tiff_file(wide * 16843009, 32),
        "int32 from 0 to 255": lambda: tiff_file(wide, 32, sample_format=2),
        "uint32 from 0 to 255": lambda: tiff_file(wide, 32),
        "int16 from 0 to 255": lambda: tiff_file(wide, 16, sample_format=2),
        "uint16 from 0 to 255": lambda: tiff_file(wide, 16),
        "uint16 from 0 to 1023": lambda: tiff_file(of_bits(grey, 10), 16),
        "uint16 from 0 to 4095": lambda: tiff_file(of_bits(grey, 12), 16),
        "uint16 from 0 to 4095, white is zero": lambda: tiff_file(of_bits(grey, 12), 16, 0),
        "int8": lambda: tiff_file(wide - 128, 8, sample_format=2),
        "16 bits, white is zero": lambda: tiff_file(65535 - wide * 257, 16, 0),
        "PNG from 0 to 255": lambda: encoded(Image.fromarray(grey.astype(np.uint16))),
        "PGM from 0 to 255": lambda: encoded(Image.fromarray(grey.astype(np.uint16)), "PPM"),
        "plain PGM from 0 to 255": lambda: (
            b"P2 25 32 65535\n" + " ".join(map(str, grey.reshape(-1))).encode()
        ),
    }[kind]()


@pytest.mark.parametrize(
    "kind",
    [
        "12 bits",
        "int32 of the whole range",
        "uint32 of the whole range",
        "int32 from 0 to 255",
        "uint32 from 0 to 255",
        "int16 from 0 to 255",
        "uint16 from 0 to 255",
        "uint16 from 0 to 1023",
        "uint16 from 0 to 4095",
        "uint16 from 0 to 4095, white is zero",
        "int8",
        "16 bits, white is zero",
        "PNG from 0 to 255",
        "PGM from 0 to 255",
        "plain PGM from 0 to 255",
    ],
)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_different_pictures_stay_different_or_their_pixel_type_is_named(kind, seed):
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (2, HEIGHT, WIDTH), dtype=np.uint8)
    for grey in pictures:
        named(deep(kind, grey), grey, 1, "bit")


def test_sixteen_bits_of_one_level_are_taken():
    assert off(encoded(Image.new("I;16", (WIDTH, HEIGHT), 9)), np.zeros_like(GREY)) == 0


# Colour TIFFs: planes, alpha, palettes and chroma.


LAYOUTS = [
    {"planar": planar, "endian": endian, "compression": compression}
    for planar in (1, 2)
    for endian in "<>"
    for compression in (1, 8)
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("extra", [(), (0,), (1,), (2,)], ids=str)
@pytest.mark.parametrize("colour", ["grey", "white is zero", "RGB", "CMYK"])
def test_colour_tiffs_are_read_as_declared_or_named(colour, extra, bits, layout):
    photometric, levels = {
        "grey": (1, GREY[..., None].astype(int)),
        "white is zero": (0, 255 - GREY[..., None].astype(int)),
        "RGB": (2, COLOURS),
        "CMYK": (5, np.dstack([255 - COLOURS, np.zeros_like(ALPHA)])),
    }[colour]
    expected = COLOURS if photometric in {2, 5} else GREY.astype(int)
    if extra in {(1,), (2,)}:
        expected = over_white(expected)
    if extra == (1,):
        levels = np.rint(levels * ALPHA[..., None] / 255).astype(int)
    if extra:
        levels = np.dstack([levels, ALPHA])
    data = tiff_file(
        levels * (257 if bits == 16 else 1),
        bits,
        photometric,
        extra=extra,
        **layout,
    )
    if named(data, expected, 2, f"{bits}-bit unsigned"):
        # The common ones are read.
        assert not (bits == 8 and layout["planar"] == 1 and colour in {"grey", "RGB"})
        assert not (extra == () and layout["planar"] == 1 and colour in {"RGB", "CMYK"})


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("extra", [(), (0,), (2,)], ids=str)
def test_palette_tiffs_are_read_as_declared_or_named(bits, extra, endian, compression):
    count = 2**bits
    palette = np.random.default_rng(bits).integers(0, 256, (count, 3))
    indices = np.indices((HEIGHT, WIDTH)).sum(axis=0) % count
    expected = over_white(palette[indices]) if extra == (2,) else palette[indices]
    data = tiff_file(
        np.dstack([indices, ALPHA]) if extra else indices,
        bits,
        3,
        extra=extra,
        endian=endian,
        compression=compression,
        more=[(320, SHORT, (palette.T.reshape(-1) * 257).tolist())],
    )
    if named(data, expected, 2, f"{bits}-bit unsigned, palette"):
        assert extra


@pytest.mark.parametrize(("planar", "compression"), [(1, 1), (1, 8), (2, 1), (2, 8)])
def test_chroma_of_every_pixel_is_read_or_named(planar, compression):
    samples = np.asarray(Image.fromarray(RGB).convert("YCbCr"))
    data = tiff_file(
        samples, 8, 6, planar=planar, compression=compression, more=[(530, SHORT, [1, 1])]
    )
    if named(data, COLOURS, 4, "YCbCr, in separate planes"):
        assert (planar, compression) == (2, 1)


@pytest.mark.parametrize("tag", [[], [(530, SHORT, [2, 2])]], ids=["by default", "by its tag"])
def test_raw_subsampled_chroma_is_named(tag):
    with pytest.raises(UnsupportedImageError, match="8-bit unsigned, YCbCr"):
        preprocess(tiff_file(COLOURS, 8, 6, more=tag), SPEC)


@pytest.mark.parametrize("name", ["DNG", "mask"])
def test_a_photometric_interpretation_that_is_not_read_is_named(name):
    photometric = {"DNG": 32803, "mask": 4}[name]
    with pytest.raises(UnsupportedImageError, match={"DNG": "a camera", "mask": "mask"}[name]):
        preprocess(tiff_file(GREY, 8, photometric), SPEC)


def test_a_tiff_without_pixels_is_damaged_and_not_of_another_kind():
    data = tiff_file(GREY, 8)
    for tag in (256, 273):
        lacking = data.replace(struct.pack("<HH", tag, LONG), struct.pack("<HH", tag + 30000, LONG))
        with pytest.raises(Exception, match="TIFF image is damaged"):
            preprocess(lacking, SPEC)


# Pillow's modes in every format that holds them.

MODES = ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "LA", "PA", "RGBX")
DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
LOSSY = {"JPEG": 12, "WEBP": 1}


def stored(picture, file_format):
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}
    try:
        return encoded(picture, file_format, **options.get(file_format, {}))
    except (OSError, ValueError, KeyError):
        return None


@pytest.mark.parametrize(
    ("mode", "file_format"), list(itertools.product((*MODES, *DEEP_MODES), FORMATS))
)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), flat=st.booleans())
def test_a_picture_in_each_mode_and_format_is_its_8_bit_png_or_is_refused(
    mode, file_format, seed, flat
):
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(
        np.clip(rng.integers(0, 120) + 0.5 * COLOURS + rng.integers(0, 8), 0, 255).astype(np.uint8)
    )
    source = picture.convert("L") if flat else picture
    try:
        converted = source.convert(mode)
    except ValueError:
        converted = source.convert("L").convert(mode)
    data = stored(converted, file_format)
    if data is None:
        return
    deep = mode.startswith(("I", "F"))
    plain = source.convert("L") if deep else converted.convert("RGB")
    # GIF holds 256 colours.
    bound = 90 if file_format == "GIF" else LOSSY.get(file_format, 1)
    if named(data, seen(encoded(plain)), bound, "-bit "):
        assert mode in {"I", "F", "LAB", *DEEP_MODES}


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM"])
def test_deep_grey_of_the_whole_range_is_its_8_bit_png(mode, file_format):
    kind = {"I;16": "<u2", "I;16B": ">u2", "I": "<i4"}[mode]
    wide = (GREY.astype(int) * 257).astype(kind)
    data = stored(Image.frombytes(mode, (WIDTH, HEIGHT), wide.tobytes()), file_format)
    assert data is not None or (mode, file_format) in {("I;16B", "PPM"), ("I", "PNG")}
    if data is not None and named(data, GREY, 0, "32-bit signed"):
        assert (mode, file_format) == ("I", "TIFF")


# PNG: a transparent value in samples of every depth.


def png(samples, bits, colour=0, *before, after=()):
    """A PNG by hand; samples of whole bytes, or one row of bits a row."""
    big = np.asarray(samples)
    height, width = big.shape[:2]
    if bits < 8:
        single = (big.astype(int)[..., None] >> np.arange(bits)[::-1]) & 1
        rows = np.packbits(single.reshape(height, -1).astype(np.uint8), axis=1)
    else:
        rows = big.reshape(height, -1).astype(">u2" if bits == 16 else "u1")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *before, (b"IDAT", zlib.compress(raw)), *after, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_transparent_value_of_a_grey_png_is_white_at_every_depth(bits):
    samples = np.indices((HEIGHT, WIDTH)).sum(axis=0) * 1009 % 2**bits
    key = int(samples[3, 4])
    expected = np.where(samples == key, 255, samples * 255 / (2**bits - 1))
    assert off(png(samples, bits, 0, (b"tRNS", struct.pack(">H", key))), expected) <= 1


def test_a_transparent_value_of_16_bits_counts_in_all_its_bits():
    samples = np.full((HEIGHT, WIDTH), 0x1234)
    samples[:, :10] = 0x1235
    samples[0] = 65535
    found = seen(png(samples, 16, 0, (b"tRNS", b"\x12\x35")))
    assert (found[1:, :10] == 255).all()
    assert (found[1:, 10:] == 0x1234 // 257).all()


def test_a_transparent_colour_of_16_bits_is_named():
    samples = COLOURS * 257
    assert off(png(samples, 16, 2), COLOURS) == 0
    with pytest.raises(UnsupportedImageError, match="16-bit RGB with one transparent colour"):
        preprocess(png(samples, 16, 2, (b"tRNS", bytes(6))), SPEC)


@pytest.mark.parametrize(("bits", "colour"), [(8, 0), (16, 0), (16, 2)])
def test_a_transparent_colour_behind_the_pixels_means_nothing(bits, colour):
    samples = (COLOURS if colour else GREY.astype(int)) * (257 if bits == 16 else 1)
    key = (b"tRNS", struct.pack(">3H", *[int(samples[0, 0].flat[0])] * 3)[: 6 if colour else 2])
    plain = seen(png(samples, bits, colour))
    np.testing.assert_array_equal(seen(png(samples, bits, colour, after=[key])), plain)


@pytest.mark.parametrize(("bits", "colour"), [(8, 4), (16, 4), (8, 6), (16, 6)])
def test_alpha_of_a_png_is_over_white_at_every_depth(bits, colour):
    levels = np.dstack([COLOURS if colour == 6 else GREY.astype(int), ALPHA])
    data = png(levels * (257 if bits == 16 else 1), bits, colour)
    assert off(data, over_white(COLOURS if colour == 6 else GREY.astype(int))) <= 1


def test_gamma_and_profile_change_nothing_at_any_depth():
    gamma = (b"gAMA", struct.pack(">I", 100_000))
    for bits in (8, 16):
        samples = GREY.astype(int) * (257 if bits == 16 else 1)
        assert off(png(samples, bits, 0, gamma), GREY) == 0


# JPEG, and the portable maps.


def test_ink_of_a_jpeg_that_does_not_say_which_way_is_named():
    data = encoded(Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 255, 0)), "JPEG", quality=95)
    assert off(data, np.full((HEIGHT, WIDTH, 3), [255, 0, 0])) <= 4
    start = data.index(b"\xff\xee")
    size = struct.unpack(">H", data[start + 2 : start + 4])[0]
    with pytest.raises(UnsupportedImageError, match="JPEG's pixels are CMYK"):
        preprocess(data[:start] + data[start + 2 + size :], SPEC)


def test_a_jpeg_of_12_bits_is_named():
    data = bytearray(encoded(Image.fromarray(GREY), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(UnsupportedImageError, match="12-bit"):
        preprocess(bytes(data), SPEC)


@pytest.mark.parametrize("magic", [b"Pf", b"PyP", b"PyRGBA", b"PyCMYK", b"P0CMYK"])
def test_a_portable_map_of_another_kind_is_named(magic):
    with pytest.raises(UnsupportedImageError, match="PPM's pixels are"):
        preprocess(magic + b" 4 4 255\n" + bytes(64), SPEC)


# A turned picture of training is read like any other.


@pytest.mark.parametrize(
    "data",
    [
        tiff_file(65535 - GREY.astype(int) * 257, 16, 0),
        tiff_file(of_bits(GREY, 12), 12),
        png(GREY.astype(int) * 257, 16, 0, (b"tRNS", struct.pack(">H", int(GREY[0, 0]) * 257))),
        encoded(Image.fromarray(RGB).convert("CMYK"), "TIFF"),
        encoded(Image.fromarray(RGB)),
    ],
    ids=["white is zero", "12 bits", "tRNS", "CMYK", "RGB"],
)
def test_the_image_at_its_own_size_has_the_pixels_that_are_preprocessed(data):
    image = upright_image(data)
    assert image.mode in {"L", "RGB"}
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), seen(data))
    file = io.BytesIO()
    image.save(file, "PNG")
    np.testing.assert_array_equal(seen(file.getvalue()), seen(data))
