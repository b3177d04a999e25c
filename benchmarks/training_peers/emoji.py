"""Emoji of one meaning, as several vendors draw them, from npm packages with free licences."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.training_peers.packages import npm

PACKAGES = (
    ("emoji-datasource-google", "16.0.0", "img/google/64"),
    ("emoji-datasource-twitter", "16.0.0", "img/twitter/64"),
    ("emojione", "2.2.7", "assets/png"),
    ("emoji-datasource-google", "3.0.0", "img/google/64"),
    ("emojione", "2.2.7", "assets/png_bw"),
)
"""Package, version and folder: Noto (Apache 2.0), Twemoji (CC BY 4.0), EmojiOne 2 (CC BY 4.0),
Android's older shapes (Apache 2.0), and EmojiOne in one colour."""

_SKIN = tuple(f"1f3f{tone}" for tone in "bcdef")

Pixels = NDArray[np.uint8]


def emoji(_data: Path) -> Iterator[tuple[str, list[Pixels]]]:
    """Yield meanings in an order drawn by seed, each once; no flags, no variants of skin."""
    folders = [npm(name, version) / "package" / where for name, version, where in PACKAGES]
    names = sorted(file.stem for file in folders[0].glob("*.png"))
    for number in np.random.default_rng(6).permutation(len(names)):
        name = names[number]
        if not any(part in _SKIN or part.startswith("1f1e") for part in name.split("-")):
            yield name, [_pixels(file) for folder in folders if (file := _file(folder, name))]


def _file(folder: Path, name: str) -> Path | None:
    """Find the picture of a meaning; some vendors leave the variation selector out."""
    for spelled in (name, name.replace("-fe0f", "")):
        file = folder / f"{spelled}.png"
        if file.exists():
            return file
    return None


def _pixels(file: Path) -> Pixels:
    image = Image.open(file).convert("RGBA")
    paper = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(paper, image).convert("RGB"))
