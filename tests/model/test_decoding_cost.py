import io
import json
import struct
import subprocess
import sys

import pytest
from PIL import Image

from model.errors import ImageTooLargeError, UnsupportedImageError
from model.image_files import decoding_cost as module
from model.image_files.decoding_cost import (
    MAX_RUN_LENGTH_BYTES,
    MAX_SCANS,
    Opened,
    decoding_cost,
)
from model.preprocessing import FORMATS, open_image
from tests import webp_streams, worst_images
from tests.fakes import encoded
from tests.hostile.corpus import jpeg_with_scans, tiff
from tests.servers import ROOT

PIXELS = 3_000_000
OPENING = 12_000_000
"""Bytes that opening a file of very many parts may take before its cost is known."""
FAMILIES = ("PNG", "WebP", "JPEG", "TIFF", "GIF", "BMP", "PPM")


def cost_of(data, max_pixels=1_000_000, channels=3):
    with Image.open(io.BytesIO(data)) as image:
        return decoding_cost(Opened(image, data, *image.size, max_pixels), channels)


def written(folder, makers):
    """Name → file."""
    files = {name: folder / str(n) for n, name in enumerate(makers)}
    for name, path in files.items():
        path.write_bytes(makers[name]())
    return files


def peaks(files, channels):
    """Name → what decoding each file took, in a fresh process."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.model.peak_memory", str(channels)]
    done = subprocess.run(  # noqa: S603 (our own program)
        [*command, *map(str, files.values())], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(files, lines, strict=True))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("family", FAMILIES)
def test_no_file_takes_more_memory_than_its_computed_cost(tmp_path, family):
    made = worst_images.worst_images(PIXELS)
    files = written(tmp_path, {n: make for n, make in made.items() if n.startswith(family)})
    assert files
    for channels in (1, 3):
        found = peaks(files, channels)
        beyond = {n: each for n, each in found.items() if each["peak"] > each["cost"]}
        assert not beyond, f"{channels} channels"
        # A process that decodes nothing would pass too.
        assert max(each["peak"] for each in found.values()) > PIXELS


def test_what_stands_around_the_pixels_is_bounded(tmp_path):
    found = peaks(written(tmp_path, worst_images.FIXED), 3)
    assert all(each["peak"] < each["cost"] + OPENING for each in found.values()), found


def test_the_code_tables_of_a_tiffs_webp_are_counted():
    # Pillow's own wheels do not decode it; others may.
    size = (1000, 800)
    packed = webp_streams.lossless(size, webp_streams.stream(size, 5000))
    fields = {258: 8, 262: 2, 273: None, 277: 3, 278: 800, 279: len(packed)}
    webp, raw = (cost_of(tiff(*size, fields | {259: codec}, packed)) for codec in (50_001, 1))
    assert webp - raw > 5000 * 5700


def test_every_format_that_is_read_has_a_cost():
    assert set(FORMATS) <= set(module._DECODERS)


def test_a_format_without_a_measured_cost_is_refused():
    with pytest.raises(UnsupportedImageError, match="ICO images"):
        cost_of(encoded(Image.new("RGB", (64, 64)), "ICO"))


@pytest.mark.parametrize("progressive", [True, False])
def test_a_jpeg_of_very_many_scans_is_refused(progressive):
    cost_of(encoded(Image.new("RGB", (64, 48)), "JPEG", progressive=progressive))
    with pytest.raises(ImageTooLargeError, match="scans"):
        cost_of(jpeg_with_scans(MAX_SCANS + 1, (64, 48), progressive=progressive))


def test_scans_are_counted_where_they_overlap_with_what_looks_like_them():
    data = encoded(Image.new("RGB", (64, 48)), "JPEG")
    with pytest.raises(ImageTooLargeError):
        cost_of(data[:-2] + b"\xff\xff\xda" * (MAX_SCANS + 1))


def test_a_thumbnail_in_a_segment_is_no_scan():
    data = encoded(Image.new("RGB", (3000, 2000)), "JPEG")
    thumbnail = b"\xff\xe1" + struct.pack(">H", 1002) + b"\xff\xda" * 500
    with_thumbnail = data[:2] + thumbnail + data[2:]
    assert cost_of(with_thumbnail) - cost_of(data) == 3 * len(thumbnail)


def run_length_bmp(bits, codes):
    colours = b"".join(bytes((i, i, i, 0)) for i in range(1 << bits))
    start = 54 + len(colours)
    compression = {8: 1, 4: 2}[bits]
    head = struct.pack(
        "<IHHIIiiHHIIiiII",
        *(start + len(codes), 0, 0, start, 40, 64, 64, 1, bits, compression, len(codes)),
        *(0, 0, 1 << bits, 0),
    )
    return b"BM" + head + colours + codes


@pytest.mark.parametrize("bits", [4, 8])
def test_a_large_run_length_bmp_which_takes_seconds_is_refused(bits):
    rows = (b"\x40\x05" + b"\x00\x00") * 64 + b"\x00\x01"
    with Image.open(io.BytesIO(run_length_bmp(bits, rows))) as image:
        assert image.convert("L").getextrema() != (0, 0)
    assert cost_of(run_length_bmp(bits, rows)) > 0
    with pytest.raises(ImageTooLargeError, match="save it as PNG"):
        cost_of(run_length_bmp(bits, b"\x01\x05" * (MAX_RUN_LENGTH_BYTES // 2)))


def test_a_progressive_jpeg_costs_its_coefficients():
    picture = Image.new("RGB", (3000, 2000))
    plain, progressive = (cost_of(encoded(picture, "JPEG", progressive=p)) for p in (False, True))
    assert progressive - plain > 2 * 3 * 3000 * 2000 - 1_000_000


def test_a_tile_may_have_as_many_pixels_as_a_canvas():
    tags = {322: 1000, 323: 1000, 324: None, 325: 9}
    cost_of(tiff(10, 10, tags, bytes(9)))
    with pytest.raises(ImageTooLargeError, match="1000 x 1000"):
        cost_of(tiff(10, 10, tags, bytes(9)), max_pixels=999_999)


def test_a_tile_without_a_size_costs_nothing():
    tags = {322: 0, 323: 0, 324: None, 325: 9}
    cost_of(tiff(10, 10, tags, bytes(9)))


def test_an_image_of_another_format_has_no_scans():
    cost_of(encoded(Image.new("RGB", (64, 48))) + b"\xff\xda" * 1000)


def gif_disposed(side):
    """A GIF of some bytes, whose first frame is filled when it is opened."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\2\2\x4c\1\0;"
    screen = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + bytes(6)
    return screen + b"!\xf9\4\x09\0\0\1\0" + frame


def gif_disposed_behind_an_empty_block(side):
    data = gif_disposed(side)
    return data[:19] + b"!\xf9\0\1\x2c\0" + data[19:]


@pytest.mark.parametrize("make", [gif_disposed, gif_disposed_behind_an_empty_block])
def test_a_huge_frame_is_refused_before_the_decoder_fills_it(tmp_path, make):
    with pytest.raises(ImageTooLargeError, match="60000 x 60000"):
        open_image(make(60_000))
    (tmp_path / "small").write_bytes(make(100))
    assert open_image(make(100)).size == (100, 100)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (worst_images.segments(20_000), "segments"),
        (worst_images.chunks(20_000), "chunks"),
        (worst_images.many_strips(21_000), "strips"),
        (worst_images.gif_comments(20_000), "blocks"),
    ],
    ids=["JPEG", "PNG", "TIFF", "GIF"],
)
def test_a_file_of_very_many_parts_is_refused_before_it_is_opened(data, what):
    with pytest.raises(ImageTooLargeError, match=what):
        open_image(data)


def test_what_follows_a_pngs_end_is_no_chunk():
    assert open_image(encoded(Image.new("L", (8, 8))) + bytes(1_000_000)).size == (8, 8)


def test_texts_that_unpack_to_more_than_is_taken_are_refused():
    with pytest.raises(Exception, match="text") as refused:
        open_image(worst_images.texts(60))
    assert type(refused.value).__name__ in {"BrokenImageError", "ImageTooLargeError"}
