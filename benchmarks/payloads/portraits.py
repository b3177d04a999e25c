"""Pictures of one face, for the encoder that finds it: others are refused, and nothing is encoded.

- `face`: LFW faces as published, 160x160, of those in which one face is located.
- `face-WxH`: one of them at its own scale somewhere on a drawn ground of that size; JPEG.

Without LFW they are the drawn faces of the page's examples.
"""

import io
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import app
from app.encoders.locator import load_locator
from app.settings import SHIPPED_BUNDLES
from benchmarks.payloads.drawing import draw, encoded, members
from model.bundle import open_bundle
from model.errors import NothingLocatedError, SeveralLocatedError
from model.preprocessing import preprocess_located

NAME = re.compile(r"face(?:-(\d+)x(\d+))?")
_MODEL = "faces"
_SPARE = 2
"""Candidates for each picture: not all are located, or alone in their photograph."""


def portraits(name: str, count: int, zipped: Path) -> tuple[tuple[bytes, ...], str]:
    """Return as many different files, or fewer where there are not as many, and their source.

    Args:
        name: A name as above.
        count: Number of files.
        zipped: LFW's archive of 160x160 pixels.
    """
    wanted = NAME.fullmatch(name)
    faces, source = _faces(zipped, _SPARE * count)
    if wanted is not None and wanted[1] is not None:
        size = int(wanted[1]), int(wanted[2])
        faces = [_on_ground(file, size, seed) for seed, file in enumerate(faces)]
        source += " on a drawn ground"
    return tuple(itertools.islice(_located(faces), count)), source


def _faces(zipped: Path, count: int) -> tuple[list[bytes], str]:
    if zipped.is_file():
        return members(zipped, ".jpg", count), "LFW faces"
    examples = sorted((Path(app.__file__).parent / "page" / "examples").glob("*-[12].jpg"))
    return [path.read_bytes() for path in examples], "drawn faces"


def _located(files: Iterable[bytes]) -> Iterator[bytes]:
    bundle = open_bundle(SHIPPED_BUNDLES / _MODEL)
    locator = load_locator(bundle)
    assert locator is not None  # noqa: S101 (for the type checker: it has one)
    for file in files:
        try:
            preprocess_located(file, bundle.manifest.input, locator)
        except (NothingLocatedError, SeveralLocatedError):
            continue
        yield file


def _on_ground(file: bytes, size: tuple[int, int], seed: int) -> bytes:
    ground = Image.fromarray(draw(seed, size))
    with Image.open(io.BytesIO(file)) as face:
        random = np.random.default_rng(seed)
        free = [max(1, whole - part) for whole, part in zip(size, face.size, strict=True)]
        place = int(random.integers(free[0])), int(random.integers(free[1]))
        ground.paste(face, place)
    return encoded(ground, "JPEG")
