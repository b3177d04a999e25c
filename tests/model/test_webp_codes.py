"""The bound of a WebP's code tables: streams of known blocks, which libwebp reads as well."""

import io

import numpy as np
import pytest
from PIL import Image

from model.image_files import webp_codes
from model.image_files.webp_codes import code_tables_bytes, unknown_tables_bytes
from tests import webp_streams
from tests.fakes import encoded

SIZE = (400, 300)
FILES = {
    "lossless": webp_streams.lossless,
    "alpha": webp_streams.with_alpha,
    "animated": webp_streams.animated,
}


@pytest.fixture(autouse=True)
def _all_are_looked_into(monkeypatch):
    monkeypatch.setattr(webp_codes, "_SMALL", 0)


def expected(data, groups):
    return min(groups * webp_codes._GROUP_BYTES, len(data) * webp_codes._BYTES_PER_BYTE)


@pytest.mark.parametrize("transforms", [(), ((0, 3),), ((1, 2), (0, 4))], ids=len)
@pytest.mark.parametrize("log_side", [2, 4, 9])
@pytest.mark.parametrize("kind", FILES)
def test_the_blocks_of_a_stream_are_found_behind_its_transforms(kind, log_side, transforms):
    blocks = webp_streams.blocks(SIZE, log_side)
    data = webp_streams.stream(SIZE, min(blocks, 2000), log_side, transforms)
    file = FILES[kind](SIZE, data)
    with Image.open(io.BytesIO(file)) as image:
        image.load()  # Libwebp takes it for valid, too.
    assert code_tables_bytes(file, *SIZE) == expected(data, max(blocks, 1000))


def test_one_group_of_tables_for_the_whole_image_is_no_matter():
    data = webp_streams.stream(SIZE, 0, transforms=((0, 3),))
    assert code_tables_bytes(webp_streams.lossless(SIZE, data), *SIZE) == 0
    assert code_tables_bytes(encoded(Image.new("RGB", SIZE), "WEBP"), *SIZE) == 0


@pytest.mark.parametrize("method", [0, 4])
@pytest.mark.parametrize("quality", [25, 100])
@pytest.mark.parametrize("kind", ["photo", "palette", "alpha"])
def test_what_libwebp_writes_is_passed_over(kind, quality, method):
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[0:1:300j, 0:1:400j]
    waves = np.stack([np.sin(9 * rows * f + 7 * columns) for f in (1, 2, 3)], axis=2)
    photo = Image.fromarray(np.uint8(110 + 80 * waves + rng.normal(0, 6, waves.shape)))
    image = {
        "photo": photo,
        "palette": photo.quantize(64),
        "alpha": photo.convert("RGBA"),
    }[kind]
    if kind == "alpha":
        image.putalpha(photo.convert("L"))
    data = encoded(image, "WEBP", lossless=kind != "alpha", method=method, quality=quality)
    (stream,) = webp_codes._streams(data, SIZE)
    assert stream.size == SIZE
    side = webp_codes._side_of_blocks(webp_codes._Bits(stream.data), SIZE)
    # Libwebp's encoder makes at most 2,600 blocks.
    assert side is None or webp_streams.blocks(SIZE, side) <= 2600


def test_a_frame_behind_the_first_one_is_not_decoded_and_does_not_count():
    many = webp_streams.stream(SIZE, 2000)
    found = {
        place: code_tables_bytes(webp_streams.animated(SIZE, *frames), *SIZE)
        for place, frames in {
            "first": (many, webp_streams.stream(SIZE, 0)),
            "second": (webp_streams.stream(SIZE, 0), many),
        }.items()
    }
    assert found == {"first": expected(many, webp_streams.blocks(SIZE, 2)), "second": 0}


def test_of_very_many_chunks_the_whole_file_is_taken_for_codes():
    image = webp_streams.chunk(b"VP8L", bytes(5) + webp_streams.stream(SIZE, 0))
    fill = [webp_streams.chunk(b"FILL", b"")]
    assert code_tables_bytes(webp_streams.riff(*fill * 900, image), *SIZE) == 0
    data = webp_streams.riff(*fill * 1000, image)
    assert code_tables_bytes(data, *SIZE) == unknown_tables_bytes(len(data), *SIZE)


def test_a_stream_that_cannot_be_passed_over_has_the_finest_blocks(monkeypatch):
    data = webp_streams.stream(SIZE, 50, 9, ((0, 2),))
    whole = webp_streams.lossless(SIZE, data)
    finest = webp_streams.blocks(SIZE, 2)
    for cut in range(1, 200):
        part = webp_streams.lossless(SIZE, data[:cut])
        assert code_tables_bytes(part, *SIZE) == expected(data[:cut], finest)
    assert code_tables_bytes(whole, *SIZE) == expected(data, 1000)
    monkeypatch.setattr(webp_codes, "_MAX_PASSED", 100)
    assert code_tables_bytes(whole, *SIZE) == expected(data, finest)


def test_noise_ends_no_worse_than_with_the_finest_blocks():
    rng = np.random.default_rng(8)
    for _ in range(300):
        data = rng.bytes(int(rng.integers(0, 300)))
        file = webp_streams.lossless(SIZE, data)
        assert code_tables_bytes(file, *SIZE) <= unknown_tables_bytes(len(data), *SIZE)


def test_small_files_are_not_looked_into(monkeypatch):
    monkeypatch.setattr(webp_codes, "_SMALL", 10**9)
    data = webp_streams.stream(SIZE, 50, 9)
    found = code_tables_bytes(webp_streams.lossless(SIZE, data), *SIZE)
    assert found == expected(data, webp_streams.blocks(SIZE, 2))
