"""Typefaces of Debian's font packages: pictures of different letters in one font are genuine."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.training_peers.packages import debian

PACKAGES = (
    ("fonts-urw-base35", "20200910-7"),
    ("fonts-texgyre", "20180621-6"),
    ("fonts-aenigma", "0.0.20080511+dfsg-4"),
)
"""Package and version; the licences are AGPL with a font exception, GUST and one that lets anyone
copy and change the fonts (their `copyright` files)."""

SIDE = 64
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Pixels = NDArray[np.uint8]


def typefaces(_data: Path) -> Iterator[tuple[str, Iterator[Pixels]]]:
    """Yield typefaces that have all Latin letters, in an order drawn by seed."""
    files = [
        file
        for package in PACKAGES
        for kind in ("*.otf", "*.ttf")
        for file in sorted(debian(*package).rglob(kind))
    ]
    seen = set[bytes]()
    for number in np.random.default_rng(5).permutation(len(files)):
        look = _look(files[number])
        if look is not None and look not in seen:
            seen.add(look)
            yield f"{number:03d}-{files[number].stem}", _pictures(files[number], int(number))


def _look(file: Path) -> bytes | None:
    """Draw a small word, which two copies of one font share; None for a font without letters."""
    try:
        font = ImageFont.truetype(file, 24)
        drawn = {bytes(font.getmask(letter)) for letter in _LETTERS}
        return bytes(font.getmask("Hamburgefonts")) if len(drawn) > len(_LETTERS) // 2 else None
    except (OSError, ValueError):
        return None


def _pictures(file: Path, number: int) -> Iterator[Pixels]:
    rng = np.random.default_rng([5, number])
    while True:
        yield _word(ImageFont.truetype(file, int(rng.integers(24, 34))), rng)


def _word(font: ImageFont.FreeTypeFont, rng: np.random.Generator) -> Pixels:
    """Draw three letters, dark on light, somewhere near the middle."""
    letters = "".join(rng.choice(list(_LETTERS), 3))
    image = Image.new("L", (SIDE, SIDE), int(rng.integers(200, 256)))
    middle = tuple(SIDE / 2 + rng.uniform(-4, 4, 2))
    draw = ImageDraw.Draw(image)
    draw.text(middle, letters, fill=int(rng.integers(0, 80)), font=font, anchor="mm")
    return np.asarray(image)
