"""Pictures without a thing: what stands around the things of a scene, and decoys.

They are made from the aligned pictures themselves, so that a locator cannot tell a thing from its
surroundings by how it was photographed: corners, shuffled tiles (parts of things), pictures whose
middle is covered, hugely enlarged parts; and from drawings: noise, ramps, stripes, text, shapes.
"""

import math
import string
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

_CORNER = 0.27
"""Largest side of a corner that shows nothing of a thing, as a share of the picture's."""


def make_backgrounds(pictures: Pixels, core: float, count: int, seed: int) -> Pixels:
    """Make pictures without a thing, uint8 (count, side, side, 3), from aligned ones of that side.

    `core` is the share of a picture's side, around its centre, that shows the thing.
    """
    draw = np.random.default_rng(seed)
    made = [_KINDS[_WHICH[k % len(_WHICH)]](pictures, core, draw) for k in range(count)]
    return np.stack(made)


def _any(pictures: Pixels, draw: np.random.Generator) -> Pixels:
    picture: Pixels = pictures[draw.integers(len(pictures))]
    return picture


def _chance(draw: np.random.Generator, share: float) -> bool:
    return bool(draw.random() < share)


def _enlarged(patch: Pixels, side: int) -> Pixels:
    image = Image.fromarray(np.ascontiguousarray(patch))
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))


def _turned(patch: Pixels, draw: np.random.Generator) -> Pixels:
    turned: Pixels = np.rot90(patch, int(draw.integers(4)))
    return turned[:, ::-1] if _chance(draw, 0.5) else turned


def _corners(pictures: Pixels, core: float, draw: np.random.Generator) -> Pixels:
    """Two by two corners of several pictures, or one corner enlarged."""
    side = pictures.shape[1]
    size = max(2, round(side * min(_CORNER, (1 - core) / 2 + 0.05)))

    def corner() -> Pixels:
        picture = _any(pictures, draw)
        rows = slice(0, size) if _chance(draw, 0.7) else slice(side - size, side)
        columns = slice(0, size) if _chance(draw, 0.5) else slice(side - size, side)
        return _turned(picture[rows, columns], draw)

    if _chance(draw, 0.5):
        return _enlarged(corner(), side)
    top = np.concatenate([corner(), corner()], axis=1)
    return _enlarged(np.concatenate([top, np.concatenate([corner(), corner()], axis=1)]), side)


def _tiles(pictures: Pixels, core: float, draw: np.random.Generator) -> Pixels:
    """Tiles of one or several pictures in any order, each turned: parts of things."""
    del core
    side = pictures.shape[1]
    across = int(draw.choice([4, 5, 8]))
    size, rest = side // across, side - side // across
    picture = _any(pictures, draw)
    result = np.empty((size * across, size * across, 3), np.uint8)
    for row in range(across):
        for column in range(across):
            if _chance(draw, 0.3):
                picture = _any(pictures, draw)
            y, x = draw.integers(rest, size=2)
            tile = picture[y : y + size, x : x + size]
            result[row * size : (row + 1) * size, column * size : (column + 1) * size] = _turned(
                tile, draw
            )
    return _enlarged(result, side)


def _covered(pictures: Pixels, core: float, draw: np.random.Generator) -> Pixels:
    """A picture whose thing is covered by a corner of another, or by one colour."""
    side = pictures.shape[1]
    position = (np.arange(side) + 0.5) / side * 2 - 1
    radius = np.hypot(position[:, None] / draw.uniform(1, 1.2), position[None, :])
    cover = np.clip((core * draw.uniform(1.1, 1.4) - radius) / draw.uniform(0.02, 0.2), 0, 1)
    picture = _any(pictures, draw)
    if _chance(draw, 0.7):
        other = _corners(pictures, core, draw)
    else:
        other = np.broadcast_to(picture[side // 2, side // 2], picture.shape)
    mixed = picture + cover[..., None] * (other.astype(np.float32) - picture)
    covered: Pixels = mixed.astype(np.uint8)
    return covered


def _part(pictures: Pixels, core: float, draw: np.random.Generator) -> Pixels:
    """A small part of a thing, which fills the picture."""
    side = pictures.shape[1]
    size = max(2, round(side * core * draw.uniform(0.25, 0.5)))
    low, high = round(side * (1 - core) / 2), round(side * (1 + core) / 2) - size
    y, x = draw.integers(low, max(low, high) + 1, size=2)
    return _enlarged(_any(pictures, draw)[y : y + size, x : x + size], side)


def _noise(pictures: Pixels, core: float, draw: np.random.Generator) -> Pixels:
    """Noise whose spectrum falls with the frequency, of few or many colours."""
    del core
    side = pictures.shape[1]
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    fall = (np.hypot(rows, columns) + 1 / side) ** -draw.uniform(0, 2)
    planes = draw.standard_normal((3, side, side)).astype(np.float32)
    planes[1:] = planes[1:] * draw.random() + planes[:1]
    smooth = np.fft.irfft2(np.fft.rfft2(planes) * fall, s=(side, side))
    smooth /= smooth.std(axis=(1, 2), keepdims=True) + 1e-6
    colours = draw.uniform(0, 255, (3, 1, 1)) + draw.uniform(5, 70) * smooth
    noise: Pixels = np.clip(colours, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return noise


def _ramp(pictures: Pixels, core: float, draw: np.random.Generator) -> Pixels:
    """One colour that turns into another, or stripes or checks of two."""
    del core
    side = pictures.shape[1]
    position = np.linspace(-1, 1, side)
    angle, waves = draw.uniform(0, 2 * math.pi), draw.uniform(2, 30)
    share = position[None, :] * math.cos(angle) + position[:, None] * math.sin(angle)
    other = position[:, None] * math.cos(angle) - position[None, :] * math.sin(angle)
    kind = draw.integers(4)
    if kind == 1:
        share = np.sign(np.sin(share * waves))
    elif kind == 2:  # noqa: PLR2004 (stripes, checks, a ramp)
        share = np.sign(np.sin(share * waves) * np.sin(other * waves))
    first, second = draw.uniform(0, 255, (2, 3))
    mixed = first + (share[..., None] / 2 + 0.5) * (second - first)
    ramp: Pixels = np.clip(mixed, 0, 255).astype(np.uint8)
    return ramp


def _drawing(pictures: Pixels, core: float, draw: np.random.Generator) -> Pixels:
    """Text, lines, rectangles and discs over another background."""
    side = pictures.shape[1]
    under = (_ramp, _corners, _noise)[draw.integers(3)](pictures, core, draw)
    image = Image.fromarray(np.ascontiguousarray(under))
    pencil = ImageDraw.Draw(image)
    for _ in range(draw.integers(2, 16)):
        colour = tuple(int(c) for c in draw.integers(0, 256, 3))
        x, y, x2, y2 = draw.uniform(-0.2, 1.2, 4) * side
        box = (min(x, x2), min(y, y2), max(x, x2), max(y, y2))
        kind = draw.integers(4)
        if kind == 0:
            pencil.rectangle(box, fill=colour if _chance(draw, 0.5) else None, outline=colour)
        elif kind == 1:
            pencil.ellipse(box, fill=colour if _chance(draw, 0.5) else None, outline=colour)
        elif kind == 2:  # noqa: PLR2004 (one of four shapes)
            pencil.line((x, y, x2, y2), fill=colour, width=int(draw.integers(1, 12)))
        else:
            letters = "".join(draw.choice(list(string.printable[:94]), int(draw.integers(1, 9))))
            size = float(draw.uniform(0.08, 0.6) * side)
            pencil.text((x, y), letters, fill=colour, font=ImageFont.load_default(size))
    return np.asarray(image)


_KINDS: dict[str, Callable[[Pixels, float, np.random.Generator], Pixels]] = {
    "corners": _corners,
    "tiles": _tiles,
    "covered": _covered,
    "part": _part,
    "noise": _noise,
    "ramp": _ramp,
    "drawing": _drawing,
}
_WHICH = (
    *("corners", "tiles", "covered", "drawing", "corners", "tiles", "covered", "noise"),
    *("corners", "tiles", "part", "ramp", "corners", "drawing", "covered", "tiles"),
)
"""The kinds, one after another."""
