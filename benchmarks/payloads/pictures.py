"""Sets of pictures in the formats that users send; none of them is in the repository.

- `att`: AT&T faces, 92x112 grey. Published as PGM, a format that few users send: written as JPEG,
  quality 90. `att-png` holds the same as PNG, `att-pgm` as published.
- `lfw`: LFW faces as published, 160x160 colour JPEG, 3 to 10 kB.
- `photo-WxH`: a photograph of that size, made of LFW faces side by side at their own scale, so that
  its detail is natural everywhere, with a little sensor noise; JPEG, quality 90, 4:2:0. At 640x480
  it has about 68 kB and at 1920x1080 about 450 kB, like photographs of that size.
- `face` and `face-WxH`: one face each (`benchmarks.payloads.portraits`).
"""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.payloads import portraits
from benchmarks.payloads.drawing import Pixels, draw, encoded, members

_TILE = 160
_TILES = 96
"""Number of different faces in the photographs; the largest photograph shows 84."""
_NOISE = 2.0
"""Standard deviation of the sensor noise, in grey levels."""
_PHOTO = re.compile(r"photo-(\d+)x(\d+)")
_SUFFIXES = {"att": "jpg", "att-png": "png", "att-pgm": "pgm", "lfw": "jpg"}


@dataclass(frozen=True)
class Pictures:
    """Different image files of one set.

    `source` describes the material they were made of, for the result.
    """

    name: str
    files: tuple[bytes, ...]
    source: str

    @property
    def mean_kb(self) -> float:
        """Mean size of a file, in units of 1000 bytes."""
        return sum(map(len, self.files)) / len(self.files) / 1e3

    @property
    def suffix(self) -> str:
        """Suffix of the file names."""
        return _SUFFIXES.get(self.name, "jpg")


def make_pictures(name: str, count: int, data: Path) -> Pictures:
    """Make `count` pictures of a set.

    Args:
        name: `att`, `att-png`, `att-pgm`, `lfw`, `photo-WxH`, `face` or `face-WxH`.
        count: Number of pictures.
        data: Folder of the data sets; drawn pictures replace a missing one.

    Raises:
        ValueError: There is no such set.
    """
    zipped = data / "lfw" / "lfw_deepfunneled_160.zip"
    if portraits.NAME.fullmatch(name):
        return Pictures(name, *portraits.portraits(name, count, zipped))
    photo = _PHOTO.fullmatch(name)
    if photo is None and name not in _SUFFIXES:
        raise ValueError(f"there is no set of pictures {name!r}")
    if photo is None and name.startswith("att"):
        return _att(name, count, data / "att_faces.zip")
    if photo is None:
        return _lfw(count, zipped)
    return _photos(name, (int(photo[1]), int(photo[2])), count, zipped)


def save(pictures: Pictures, folder: Path) -> Path:
    """Write the files to `folder`, in order, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, file in enumerate(pictures.files):
        (folder / f"{index:04d}.{pictures.suffix}").write_bytes(file)
    return folder


def load(folder: Path) -> tuple[bytes, ...]:
    """Read the files that `save` wrote, in order."""
    return tuple(path.read_bytes() for path in sorted(folder.iterdir()))


def _att(name: str, count: int, zipped: Path) -> Pictures:
    if zipped.is_file():
        published, source = members(zipped, ".pgm", count), "AT&T faces"
    else:
        drawn = (Image.fromarray(draw(seed, (92, 112))).convert("L") for seed in range(count))
        published, source = [encoded(image, "PPM") for image in drawn], "drawn pictures"
    if name == "att-pgm":
        return Pictures(name, tuple(published), source)
    kind = "PNG" if name == "att-png" else "JPEG"
    files = (encoded(Image.open(io.BytesIO(file)), kind) for file in published)
    return Pictures(name, tuple(files), source)


def _lfw(count: int, zipped: Path) -> Pictures:
    if zipped.is_file():
        return Pictures("lfw", tuple(members(zipped, ".jpg", count)), "LFW faces")
    drawn = (Image.fromarray(draw(seed, (_TILE, _TILE))) for seed in range(count))
    return Pictures("lfw", tuple(encoded(image, "JPEG") for image in drawn), "drawn pictures")


def _photos(name: str, size: tuple[int, int], count: int, zipped: Path) -> Pictures:
    faces = _lfw(_TILES, zipped)
    tiles = [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in faces.files]
    photos = (Image.fromarray(_mosaic(tiles, size, seed)) for seed in range(count))
    files = tuple(encoded(photo, "JPEG") for photo in photos)
    return Pictures(name, files, f"{faces.source} side by side")


def _mosaic(tiles: list[Pixels], size: tuple[int, int], seed: int) -> Pixels:
    """Return tiles in rows, cut to (width, height), with sensor noise, uint8 (height, width, 3)."""
    random = np.random.default_rng(seed)
    columns, rows = -(-size[0] // _TILE), -(-size[1] // _TILE)
    order = random.integers(len(tiles), size=(rows, columns))
    whole = np.vstack([np.hstack([tiles[index] for index in row]) for row in order])
    cut = whole[: size[1], : size[0]]
    noisy = cut + random.normal(0, _NOISE, cut.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
