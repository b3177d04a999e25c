"""Parts of which sets of pictures are made: drawn pictures, files of an archive, encoded images."""

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_QUALITY = 90


def draw(seed: int, size: tuple[int, int]) -> Pixels:
    """Return a smooth random picture with some grain, uint8 (height, width, 3)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
    grain = random.normal(0, 6, smooth.shape)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


def members(zipped: Path, suffix: str, count: int) -> list[bytes]:
    """Return files spread evenly over an archive, so that they show different people."""
    with zipfile.ZipFile(zipped) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(suffix))
        step = max(1, len(names) // count)
        return [archive.read(name) for name in names[::step][:count]]


def encoded(image: Image.Image, kind: str) -> bytes:
    """Return an image as a file of a kind; JPEG of quality 90, 4:2:0."""
    file = io.BytesIO()
    quality = {"quality": _QUALITY, "subsampling": "4:2:0"} if kind == "JPEG" else {}
    image.save(file, kind, **quality)
    return file.getvalue()
