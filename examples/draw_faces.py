"""Draw the example faces of the service: two pictures each of Ann, Ben and Cat.

    python examples/draw_faces.py

The faces are drawn by formula, so the repository contains no photograph of a person. They are in
the public domain. The page of the service has all of them, this folder those that the README uses.
Their features were drawn at random until `faces` located one face in each, took all of them for
images like those that it was measured on, and told the three apart, so that its answers on them
quote error rates.
"""

from dataclasses import dataclass
from pathlib import Path
from shutil import copy

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 320
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Person:
    """Features of one person's face: proportions as shares of the picture, and colours."""

    width: float
    height: float
    eye_gap: float
    eye_height: float
    nose: float
    mouth: float
    brow: float
    hairline: float
    skin: Colour
    hair: Colour
    wall: Colour
    beard: bool = False


ANN = Person(
    0.50, 0.68, 0.23, 0.44, 0.11, 0.19, 9, 0.24, (232, 190, 165), (94, 58, 30), (150, 165, 180)
)
BEN = Person(
    0.48,
    0.72,
    0.23,
    0.47,
    0.15,
    0.20,
    11,
    0.24,
    (233, 204, 156),
    (213, 199, 168),
    (111, 55, 181),
    beard=True,
)
CAT = Person(
    0.53, 0.67, 0.23, 0.44, 0.11, 0.17, 8, 0.27, (112, 86, 52), (193, 106, 106), (161, 137, 127)
)


def draw(person: Person, *, smile: float, light: float, turn: float, seed: int) -> Image.Image:
    """Draw one picture of a person: `smile` and `light` around 1, `turn` in degrees."""
    image = Image.new("RGB", (SIDE, SIDE), person.wall)
    pen = ImageDraw.Draw(image)
    _head(pen, person)
    _features(pen, person, smile)
    image = image.rotate(turn, Image.Resampling.BICUBIC, fillcolor=person.wall)
    noise = np.random.default_rng(seed).normal(0, 4, (SIDE, SIDE, 3))
    shade = np.linspace(1.1, 0.85, SIDE)[None, :, None] * light
    pixels = (np.asarray(image) * shade + noise).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1.2))


def _head(pen: ImageDraw.ImageDraw, person: Person) -> None:
    dark = tuple(int(0.8 * value) for value in person.skin)
    pen.ellipse(_box(0.5, 1.08, 0.9, 0.5), fill=(70, 80, 110))
    pen.ellipse(_box(0.5, 0.86, 0.24, 0.4), fill=dark)
    pen.ellipse(_box(0.5, 0.46, person.width + 0.1, person.height + 0.06), fill=person.hair)
    pen.ellipse(_box(0.5, 0.53, person.width, person.height - 0.06), fill=person.skin)
    pen.ellipse(_box(0.5, person.hairline, person.width - 0.06, 0.16), fill=person.hair)


def _features(pen: ImageDraw.ImageDraw, person: Person, smile: float) -> None:
    if person.beard:
        jaw = _box(0.5, 0.53, person.width - 0.01, person.height - 0.07)
        pen.chord(jaw, 15, 165, fill=person.hair)
    for side in (-1, 1):
        _eye(pen, person, 0.5 + side * person.eye_gap / 2)
    tip = person.eye_height + person.nose + 0.04
    nose = [(0.5, person.eye_height + 0.02), (0.465, tip), (0.535, tip)]
    dark = tuple(int(0.7 * value) for value in person.skin)
    pen.line([(SIDE * x, SIDE * y) for x, y in nose], fill=dark, width=5)
    lips = _box(0.5, tip + 0.08, person.mouth, 0.09 * smile)
    pen.chord(lips, 0, 180, fill=(165, 70, 70))


def _eye(pen: ImageDraw.ImageDraw, person: Person, x: float) -> None:
    y = person.eye_height
    pen.ellipse(_box(x, y, 0.105, 0.05), fill=(245, 245, 245))
    pen.ellipse(_box(x, y, 0.048, 0.05), fill=(60, 45, 35))
    brow = [(x - 0.07, y - 0.06), (x, y - 0.085), (x + 0.07, y - 0.06)]
    pen.line([(SIDE * a, SIDE * b) for a, b in brow], fill=person.hair, width=int(person.brow))


def _box(x: float, y: float, width: float, height: float) -> list[float]:
    """Return the corners of a box in pixels, from centre and size as shares of the picture."""
    return [SIDE * v for v in (x - width / 2, y - height / 2, x + width / 2, y + height / 2)]


PICTURES = {
    "ann-1.jpg": draw(ANN, smile=0.8, light=1.0, turn=2, seed=1),
    "ann-2.jpg": draw(ANN, smile=1.2, light=0.85, turn=-4, seed=2),
    "ben-1.jpg": draw(BEN, smile=0.87, light=0.94, turn=2, seed=63),
    "ben-2.jpg": draw(BEN, smile=0.98, light=0.9, turn=-4, seed=55),
    "cat-1.jpg": draw(CAT, smile=1.11, light=0.89, turn=-1, seed=41),
    "cat-2.jpg": draw(CAT, smile=1.19, light=1.04, turn=2, seed=6),
}
IN_README = ("ann-1.jpg", "ann-2.jpg", "ben-1.jpg")

if __name__ == "__main__":
    here = Path(__file__).parent
    page = here.parent / "app" / "page" / "examples"
    for name, picture in PICTURES.items():
        picture.save(page / name, quality=92)
    for name in IN_README:
        copy(page / name, here / name)
