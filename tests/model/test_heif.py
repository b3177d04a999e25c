import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.errors import (
    BrokenImageError,
    ImageError,
    ImageTooLargeError,
    UnsupportedImageError,
)
from model.image_files import heif
from model.image_files.decoding_cost import Opened, decoding_cost
from model.manifest import Aspect, InputSpec
from model.preprocessing import ImageLimits, open_image, preprocess
from tests.fakes import encoded
from tests.model.heic_files import HEIC, LARGE, QUARTERS
from tests.servers import ROOT

SPEC = InputSpec(width=96, height=128, channels=3, aspect=Aspect.STRETCH)
needs_heif = pytest.mark.skipif(not heif.FORMATS, reason="the extra `heif` is not installed")
DECLARED = b"ispe\0\0\0\0"


def quarters(data, channels=3):
    """The middle of each quarter, (2, 2, channels)."""
    seen = preprocess(data, SPEC.model_copy(update={"channels": channels})).astype(int)
    return seen[32::64, 24::48]


@needs_heif
@pytest.mark.parametrize("name", ["RGB", "turned", "grid"])
def test_a_heic_is_seen_as_its_picture(name):
    assert np.abs(quarters(HEIC[name]) - QUARTERS).max() <= 6


@needs_heif
@pytest.mark.parametrize("name", ["L", "L of 10 bits"])
def test_grey_of_any_depth_is_seen_as_its_picture(name):
    grey = QUARTERS @ [0.299, 0.587, 0.114]
    for channels in (1, 3):
        assert np.abs(quarters(HEIC[name], channels) - grey[..., None]).max() <= 6


@needs_heif
def test_alpha_of_a_heic_is_over_white():
    found = quarters(HEIC["RGBA"])
    assert (found[:, 0] >= 250).all()
    assert np.abs(found[:, 1] - QUARTERS[:, 1]).max() <= 6


@needs_heif
def test_a_brand_of_the_container_alone_is_read_by_its_content():
    data = HEIC["RGB"].replace(b"ftypheic", b"ftypmif1")
    np.testing.assert_array_equal(quarters(data), quarters(HEIC["RGB"]))


@needs_heif
def test_a_coded_image_above_its_declared_size_is_refused_before_it_is_decoded():
    data = HEIC["large"]
    at = data.index(DECLARED) + len(DECLARED)
    lying = data[:at] + struct.pack(">II", 64, 64) + data[at + 8 :]
    with pytest.raises(ImageTooLargeError, match="limit"):
        preprocess(lying, SPEC)


@needs_heif
def test_pixels_of_a_heic_are_limited():
    pixels = LARGE[0] * LARGE[1]
    assert open_image(HEIC["large"], ImageLimits(max_pixels=pixels)).size == LARGE
    with pytest.raises(ImageTooLargeError, match="2000 x 1500"):
        open_image(HEIC["large"], ImageLimits(max_pixels=pixels - 1))


PEAK = """
import ctypes, json, re, sys
from pathlib import Path
from model.manifest import InputSpec
from model.preprocessing import preprocess
from tests.model.heic_files import HEIC

def memory(field):
    return 1024 * int(re.search(field + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

spec = InputSpec(width=144, height=144, channels=3, aspect="crop")
preprocess(HEIC["RGB"], spec)
ctypes.CDLL(None).malloc_trim(0)
Path("/proc/self/clear_refs").write_text("5")
before = memory("VmRSS")
preprocess(HEIC[sys.argv[1]], spec)
print(json.dumps(memory("VmHWM") - before))
"""


@needs_heif
@pytest.mark.parametrize("name", [name for name in HEIC if name.startswith("large")])
def test_a_heic_takes_no_more_memory_than_is_computed(name):
    ended = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", PEAK, name], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    image = open_image(HEIC[name])
    cost = decoding_cost(Opened(image, HEIC[name], *image.size, 50_000_000), 3)
    assert json.loads(ended.stdout) <= cost


@needs_heif
def test_a_damaged_heic_is_an_image_error():
    data = HEIC["RGB"]
    for length in range(16, len(data) - 1, 29):
        with pytest.raises(BrokenImageError, match="HEIF image is damaged"):
            preprocess(data[:length], SPEC)
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(data)
        for at in rng.integers(12, len(data), 3):
            damaged[at] ^= 1 << int(rng.integers(8))
        try:
            preprocess(bytes(damaged), SPEC, ImageLimits(max_pixels=10**6))
        except ImageError:
            continue


def avif():
    return encoded(Image.new("RGB", (64, 64), "red"), "AVIF")


def test_an_avif_is_named_with_what_to_do():
    for data in (avif(), avif().replace(b"ftypavif", b"ftypavis")):
        with pytest.raises(UnsupportedImageError, match=r"an AVIF image.*as JPEG or PNG"):
            open_image(data)


@needs_heif
def test_an_avif_under_the_brand_of_the_container_is_an_image_error():
    with pytest.raises(UnsupportedImageError):
        preprocess(avif().replace(b"ftypavif", b"ftypmif1"), SPEC)


def test_without_the_extra_a_heic_is_named():
    code = """
import sys
sys.modules["_pi_heif"] = None
from model.errors import UnsupportedImageError
from model.preprocessing import FORMATS, open_image
from tests.model.heic_files import HEIC
assert "HEIF" not in FORMATS
try:
    open_image(HEIC["RGB"])
except UnsupportedImageError as error:
    print(error)
"""
    ended = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    assert b"a HEIC image" in ended.stdout
    assert b"save the picture as JPEG or PNG" in ended.stdout


def test_the_image_installs_the_extra():
    assert "pi-heif==" in Path(ROOT, "requirements", "service.txt").read_text(encoding="utf-8")


@needs_heif
def test_a_heic_without_a_primary_image_is_damaged():
    data = HEIC["RGB"]
    at = data.index(b"pitm")
    broken = data[: at + 8] + b"\0\x63" + data[at + 10 :]
    with pytest.raises(BrokenImageError, match="HEIF"):
        open_image(broken)


@needs_heif
def test_metadata_of_other_images_is_not_copied():
    with Image.open(io.BytesIO(HEIC["grid"])) as image:
        assert set(image.info) == {"bit_depth"}
