import errno
import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from model.errors import (
    BrokenImageError,
    ImageError,
    ImageTooLargeError,
    UnsupportedImageError,
)
from model.image_files.upright import _flatten
from model.manifest import Aspect, InputSpec
from model.preprocessing import ImageLimits, open_image, preprocess
from tests.fakes import encoded
from tests.servers import ROOT

WIDTH, HEIGHT = 24, 32
STORED_FOR_ORIENTATION = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.swapaxes(np.rot90(a, 2), 0, 1),
    8: lambda a: np.rot90(a, -1),
}
"""What a camera stores for an upright image, by the EXIF standard's eight orientations."""


def spec(channels=3, aspect=Aspect.STRETCH, width=WIDTH, height=HEIGHT):
    return InputSpec(width=width, height=height, channels=channels, aspect=aspect)


def smooth(width, height):
    """A colour ramp without any symmetry, uint8, (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    channels = [200 * x + 30 * y, 220 * y + 10, 128 + 100 * np.sin(3 * x + 5 * y)]
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def difference(left, right):
    return int(np.abs(left.astype(int) - right.astype(int)).max())


def grey_of(rgb):
    """ITU-R BT.601 luma."""
    return rgb.astype(float) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize(
    ("file_format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("PPM", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 16),
        ("JPEG", {"quality": 95, "subsampling": 0}, 6),
    ],
)
def test_an_image_of_the_inputs_size_comes_back_as_it_is(file_format, options, tolerance):
    pixels = smooth(WIDTH, HEIGHT)
    answer = preprocess(encoded(Image.fromarray(pixels), file_format, **options), spec())
    assert answer.dtype == np.uint8
    assert answer.shape == (HEIGHT, WIDTH, 3)
    assert answer.flags.c_contiguous
    assert difference(answer, pixels) <= tolerance


def test_a_gif_comes_back_as_its_palette_has_it():
    picture = Image.fromarray(smooth(WIDTH, HEIGHT)).quantize(64)
    answer = preprocess(encoded(picture, "GIF"), spec())
    assert difference(answer, np.asarray(picture.convert("RGB"))) == 0


def test_of_an_animation_the_first_frame_counts():
    frames = [Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(data)) as animation:
        assert animation.n_frames == 3
    assert (preprocess(data, spec()) == [255, 0, 0]).all()


@pytest.mark.parametrize(
    "cut", [0, 1, 17, 200], ids=["no byte", "one byte", "header", "half of it"]
)
def test_a_cut_file_is_an_image_error(cut):
    data = encoded(Image.fromarray(smooth(40, 40)))
    with pytest.raises(ImageError):
        preprocess(data[:cut], spec())


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP", "TIFF", "PPM", "GIF", "WEBP"])
def test_a_file_cut_in_its_pixels_is_broken(file_format):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), file_format)
    # GIF, WebP and TIFF keep an index that a cut takes away, some before the pixels are reached.
    with pytest.raises(BrokenImageError if file_format in {"PNG", "JPEG", "PPM"} else ImageError):
        preprocess(data[: len(data) // 2], spec())


@pytest.mark.parametrize(
    "data", [b"", b"GARBAGE" * 100, b"%PDF-1.7", b"<svg xmlns='x'/>", b"\0" * 500]
)
def test_what_is_no_image_is_unsupported(data):
    with pytest.raises(UnsupportedImageError, match="JPEG, PNG, WEBP"):
        preprocess(data, spec())


@pytest.mark.parametrize("file_format", ["ICO", "TGA", "PCX", "EPS"])
def test_a_format_that_is_not_listed_is_unsupported(file_format):
    data = encoded(Image.new("RGB", (16, 16)), file_format)
    with pytest.raises(UnsupportedImageError):
        preprocess(data, spec())


def test_a_damaged_png_is_broken_and_the_message_says_what_to_do():
    data = bytearray(encoded(Image.fromarray(smooth(64, 64))))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(BrokenImageError, match="send the whole file"):
        preprocess(bytes(data), spec())


@pytest.mark.parametrize("orientation", STORED_FOR_ORIENTATION)
@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("WEBP", {"lossless": True}),
        ("JPEG", {"quality": 95, "subsampling": 0}),
    ],
)
@pytest.mark.parametrize("size", [(64, 88), (512, 832)], ids=["small", "reduced in decoding"])
def test_every_exif_orientation_gives_the_upright_image(file_format, options, orientation, size):
    upright = smooth(*size)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED_FOR_ORIENTATION[orientation](upright))
    data = encoded(Image.fromarray(stored), file_format, exif=exif, **options)
    plain = encoded(Image.fromarray(upright), file_format, **options)
    exact = preprocess(plain, spec(aspect=Aspect.CROP))
    # A turned JPEG is cut into other blocks, so its rounding may differ by a level.
    tolerance = 1 if file_format == "JPEG" else 0
    assert difference(preprocess(data, spec(aspect=Aspect.CROP)), exact) <= tolerance


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_counts_as_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(smooth(WIDTH, HEIGHT))
    answer = preprocess(encoded(picture, exif=exif), spec())
    assert difference(answer, np.asarray(picture)) == 0


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow says that the block is damaged.
def test_a_damaged_exif_block_counts_as_upright():
    picture = Image.fromarray(smooth(WIDTH, HEIGHT))
    data = encoded(picture, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage", quality=95)
    plain = encoded(picture, "JPEG", quality=95)
    np.testing.assert_array_equal(preprocess(data, spec()), preprocess(plain, spec()))


def transparent(mode):
    """Left half opaque black, right half black that is wholly transparent."""
    alpha = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    alpha[:, : WIDTH // 2] = 255
    layer = Image.fromarray(np.dstack([np.zeros((HEIGHT, WIDTH, 3), np.uint8), alpha]))
    return layer.convert(mode)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "data",
    [
        encoded(transparent("RGBA")),
        encoded(transparent("LA")),
        encoded(transparent("RGBA"), "WEBP", lossless=True, exact=True),
        encoded(transparent("RGBA"), "TIFF"),
        encoded(transparent("RGBA"), "GIF"),
    ],
    ids=["RGBA", "LA", "WebP", "TIFF", "GIF"],
)
def test_what_is_transparent_is_white(data, channels):
    answer = preprocess(data, spec(channels))
    assert (answer[:, : WIDTH // 2] == 0).all()
    assert (answer[:, WIDTH // 2 :] == 255).all()


def test_half_transparent_is_half_white():
    layer = Image.new("RGBA", (WIDTH, HEIGHT), (200, 0, 40, 128))
    over_white = [round(c * 128 / 255 + 255 * 127 / 255) for c in (200, 0, 40)]
    assert difference(preprocess(encoded(layer), spec()), np.array(over_white)) <= 1


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_transparent_colour_is_white(mode):
    picture = Image.new(mode, (WIDTH, HEIGHT))
    if mode == "P":
        picture.putpalette([10, 20, 30, 200, 100, 50])
    key = (0, 0, 0) if mode == "RGB" else 0
    assert (preprocess(encoded(picture, transparency=key), spec()) == 255).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("file_format", ["PNG", "PPM", "TIFF"])
def test_sixteen_bits_are_scaled_to_eight(file_format, channels):
    values = np.linspace(0, 65535, WIDTH * HEIGHT).astype(np.uint16).reshape(HEIGHT, WIDTH)
    answer = preprocess(encoded(Image.fromarray(values), file_format), spec(channels))
    assert np.abs(answer - values[..., None] / 257).max() <= 1


def test_a_pgm_with_a_small_range_fills_the_whole_range():
    levels = np.tile(np.array([0, 5, 10, 15], dtype=np.uint8), WIDTH * HEIGHT // 4)
    data = b"P5 %d %d 15\n" % (WIDTH, HEIGHT) + levels.tobytes()
    answer = preprocess(data, spec(1)).reshape(-1)
    np.testing.assert_array_equal(answer, levels.astype(int) * 17)


def test_a_pgm_of_twelve_bits_fills_the_whole_range():
    levels = np.linspace(0, 4095, WIDTH * HEIGHT).astype(">u2")
    data = b"P5 %d %d 4095\n" % (WIDTH, HEIGHT) + levels.tobytes()
    answer = preprocess(data, spec(1)).reshape(-1)
    assert np.abs(answer - levels.astype(float) * 255 / 4095).max() <= 1


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM", "BMP"])
def test_one_bit_is_black_and_white(file_format):
    checks = (np.indices((HEIGHT, WIDTH)).sum(axis=0) % 2).astype(bool)
    answer = preprocess(encoded(Image.fromarray(checks), file_format), spec(1))
    np.testing.assert_array_equal(answer[..., 0], checks * 255)


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_cmyk_becomes_the_colour_that_it_prints(file_format):
    ink = Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 255, 0))
    options = {"quality": 95} if file_format == "JPEG" else {}
    answer = preprocess(encoded(ink, file_format, **options), spec())
    assert difference(answer, np.array([255, 0, 0])) <= 4


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_grey_is_the_luma_of_colour(file_format):
    pixels = smooth(WIDTH, HEIGHT)
    options = {"quality": 98, "subsampling": 0} if file_format == "JPEG" else {}
    answer = preprocess(encoded(Image.fromarray(pixels), file_format, **options), spec(1))
    assert answer.shape == (HEIGHT, WIDTH, 1)
    tolerance = 5 if file_format == "JPEG" else 1
    assert np.abs(answer[..., 0] - grey_of(pixels)).max() <= tolerance


def test_a_grey_image_gives_three_equal_channels_to_a_colour_input():
    grey = smooth(WIDTH, HEIGHT)[..., 0]
    answer = preprocess(encoded(Image.fromarray(grey)), spec(3))
    for channel in range(3):
        np.testing.assert_array_equal(answer[..., channel], grey)


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_pixels_without_a_known_meaning_are_unsupported(mode):
    data = encoded(Image.new(mode, (WIDTH, HEIGHT)), "TIFF")
    with pytest.raises(UnsupportedImageError):
        preprocess(data, spec())


def banded(width, height, axis):
    """Red, lime and blue thirds along an axis (0 down, 1 across)."""
    share = np.indices((height, width))[axis] / (height, width)[axis]
    palette = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=np.uint8)
    return Image.fromarray(palette[(share * 3).astype(int)])


@pytest.mark.parametrize("axis", [0, 1])
def test_crop_keeps_the_middle_of_the_longer_axis(axis):
    size = (120, 360) if axis == 0 else (360, 120)
    answer = preprocess(encoded(banded(*size, axis)), spec(aspect=Aspect.CROP, width=40, height=40))
    inner = answer[1:-1] if axis == 0 else answer[:, 1:-1]  # The filter mixes at the seam.
    assert (inner == [0, 255, 0]).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_stretch_keeps_all_of_both_axes(axis):
    size = (120, 360) if axis == 0 else (360, 120)
    answer = preprocess(encoded(banded(*size, axis)), spec(width=60, height=60))
    along = answer[:, 30] if axis == 0 else answer[30]
    for third, colour in enumerate(([255, 0, 0], [0, 255, 0], [0, 0, 255])):
        assert (along[20 * third + 2 : 20 * third + 18] == colour).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_pad_keeps_the_whole_image_in_the_middle_of_white(axis):
    size = (120, 360) if axis == 0 else (360, 120)
    answer = preprocess(encoded(banded(*size, axis)), spec(aspect=Aspect.PAD, width=90, height=90))
    across = np.swapaxes(answer, 0, 1) if axis == 0 else answer
    assert (across[:30] == 255).all()
    assert (across[60:] == 255).all()
    for third, colour in enumerate(([255, 0, 0], [0, 255, 0], [0, 0, 255])):
        assert (across[31:59, 30 * third + 2 : 30 * third + 28] == colour).all()


def test_crop_of_an_image_with_the_inputs_shape_is_stretch():
    data = encoded(Image.fromarray(smooth(3 * WIDTH, 3 * HEIGHT)))
    np.testing.assert_array_equal(
        preprocess(data, spec(aspect=Aspect.CROP)), preprocess(data, spec())
    )


@pytest.mark.parametrize("aspect", Aspect)
@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_an_image_of_one_pixel_across_is_taken(aspect, size):
    answer = preprocess(encoded(Image.new("RGB", size, "red")), spec(aspect=aspect))
    assert (answer == [255, 0, 0]).all(axis=2).any()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("aspect", Aspect)
def test_decoding_a_jpeg_at_reduced_scale_is_within_a_few_levels_of_decoding_it_whole(
    aspect, channels
):
    waves = 128 + 60 * np.sin(np.indices((900, 1300)).sum(axis=0) / 40)
    pixels = (0.5 * smooth(1300, 900) + 0.5 * waves[..., None]).astype(np.uint8)
    data = encoded(Image.fromarray(pixels), "JPEG", quality=92)
    with Image.open(io.BytesIO(data)) as whole:
        lossless = encoded(whole.convert("RGB"))
    reduced, full = (preprocess(d, spec(channels, aspect)) for d in (data, lossless))
    # The reduced size is rounded up, so the far rim may be up to half a pixel away.
    off = np.abs(reduced.astype(int) - full.astype(int))
    assert np.percentile(off, 97) <= 4
    assert off.mean() <= 2


def test_a_file_over_the_limit_of_bytes_is_not_opened():
    data = encoded(Image.fromarray(smooth(64, 64)))
    assert open_image(data, ImageLimits(max_bytes=len(data))).size == (64, 64)
    with pytest.raises(ImageTooLargeError, match="bytes"):
        open_image(data, ImageLimits(max_bytes=len(data) - 1))


def test_pixels_are_limited_to_exactly_the_limit():
    data = encoded(Image.new("L", (10, 20)))
    assert preprocess(data, spec(), ImageLimits(max_pixels=200)).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(ImageTooLargeError, match="10 x 20 pixels"):
        preprocess(data, spec(), ImageLimits(max_pixels=199))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_bomb_is_refused_by_its_header_before_any_pixel_is_decoded():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"no zlib stream")
    # Were the pixels touched, the answer would be BrokenImageError.
    with pytest.raises(ImageTooLargeError, match="60000 x 60000"):
        preprocess(data, spec())


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"max_pixels": -1}])
def test_limits_must_be_positive(limits):
    with pytest.raises(ValueError, match="positive"):
        ImageLimits(**limits)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_only_ever_raise_an_image_error(data):
    with pytest.raises(ImageError):
        preprocess(data, spec())


SEEDS = [
    encoded(Image.fromarray(smooth(13, 9)).convert(mode), file_format)
    for file_format, modes in {
        "PNG": ("RGB", "L", "P", "RGBA", "1"),
        "JPEG": ("RGB", "L", "CMYK"),
        "TIFF": ("RGB", "L", "CMYK"),
        "GIF": ("P",),
        "BMP": ("RGB", "P"),
        "PPM": ("RGB", "L", "1"),
        "WEBP": ("RGB", "RGBA"),
    }.items()
    for mode in modes
]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow warns of what it then refuses.
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    st.integers(0, 40),
)
def test_a_damaged_file_gives_an_array_or_an_image_error(data, changes, cut):
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    try:
        answer = preprocess(
            bytes(damaged[: len(damaged) - cut]), spec(), ImageLimits(max_pixels=10**6)
        )
    except ImageError:
        return
    assert answer.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("aspect", Aspect)
@pytest.mark.parametrize("middle", [0.5, 0.8])
def test_the_middle_of_an_image_is_what_that_part_alone_gives(aspect, middle):
    pixels = smooth(200, 300)
    width, height = round(200 * middle), round(300 * middle)
    left, top = (200 - width) // 2, (300 - height) // 2
    cut = pixels[top : top + height, left : left + width]
    of_middle = spec(aspect=aspect).model_copy(update={"middle": middle})
    answer = preprocess(encoded(Image.fromarray(pixels)), of_middle)
    expected = preprocess(encoded(Image.fromarray(cut)), spec(aspect=aspect))
    # The filter sees a little beyond the cut, where there is something to see.
    assert difference(answer, expected) <= 6
    assert (
        difference(answer, preprocess(encoded(Image.fromarray(pixels)), spec(aspect=aspect))) > 20
    )


def test_the_middle_of_a_jpeg_is_decoded_at_a_scale_that_leaves_it_enough_pixels():
    waves = np.abs(np.sin(np.indices((800, 800)).sum(axis=0) / 25))[..., None]
    data = encoded(Image.fromarray((smooth(800, 800) * waves).astype(np.uint8)), "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as whole:
        lossless = encoded(whole.convert("RGB"))
    of_middle = InputSpec(width=96, height=96, channels=3, aspect=Aspect.CROP, middle=0.25)
    reduced, full = (preprocess(d, of_middle) for d in (data, lossless))
    off = np.abs(reduced.astype(int) - full.astype(int))
    assert np.percentile(off, 97) <= 4
    assert off.mean() <= 2


@pytest.mark.parametrize("size", [(3000, 700), (5, 1), (1, 70_000)])
def test_an_image_that_is_converted_in_bands_is_the_one_that_is_converted_whole(size):
    rng = np.random.default_rng(3)
    layer = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 4), dtype=np.uint8))
    white = Image.new("RGBA", size, "white")
    whole = Image.alpha_composite(white, layer).convert("RGB")
    np.testing.assert_array_equal(np.asarray(_flatten(layer, 3)), np.asarray(whole))
    deep = rng.integers(0, 65536, (size[1], size[0]), dtype=np.uint16)
    flat = _flatten(Image.fromarray(deep), 1)
    np.testing.assert_array_equal(np.asarray(flat), deep // 257)


def test_a_failure_of_the_system_is_not_blamed_on_the_image(monkeypatch):
    def failing(file, name):
        del file, name
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setitem(Image.OPEN, "PPM", (failing, None))
    with pytest.raises(OSError, match="Too many open files"):
        preprocess(b"P6 1 1 255\nxxx", spec())


def test_every_reader_is_there_before_the_first_image():
    code = """
import io, sys
import model.preprocessing
from PIL import Image
loaded = {name for name in sys.modules if name.startswith("PIL.")}
for name in model.preprocessing.FORMATS:
    if name not in Image.SAVE:
        continue
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, name)
    model.preprocessing.open_image(file.getvalue())
late = {name for name in sys.modules if name.startswith("PIL.")} - loaded
sys.exit(", ".join(sorted(late)) or 0)
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False)  # noqa: S603 (our own code)
    assert ended.returncode == 0
