"""Draw the example signs of the page: two drawings of one sign, and one of another.

    python examples/draw_signs.py

Like those of Omniglot: black pen strokes on a white square of 105 pixels. In the public domain.
"""

from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 105
SCALE = 4
"""Scale of the drawing before it is reduced, which smooths the strokes."""
Stroke = list[tuple[float, float]]

SIGNS: dict[str, list[Stroke]] = {
    "sign-a-1.png": [
        [(28, 22), (26, 50), (30, 82)],
        [(28, 50), (50, 44), (72, 52), (76, 70), (60, 84), (30, 82)],
        [(70, 20), (80, 28)],
    ],
    "sign-a-2.png": [
        [(32, 26), (28, 54), (31, 86)],
        [(29, 56), (52, 48), (70, 55), (75, 72), (58, 87), (31, 85)],
        [(72, 24), (84, 30)],
    ],
    "sign-b-1.png": [
        [(20, 30), (52, 24), (86, 30)],
        [(52, 24), (50, 60), (34, 86), (20, 78)],
        [(50, 56), (70, 62), (84, 84)],
    ],
}


def draw(strokes: list[Stroke]) -> Image.Image:
    """Draw a sign of several strokes, each a line through points in pixels."""
    image = Image.new("L", (SIDE * SCALE, SIDE * SCALE), 255)
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [(SCALE * x, SCALE * y) for x, y in stroke]
        pen.line(points, fill=0, width=int(2.6 * SCALE), joint="curve")
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    page = Path(__file__).parent.parent / "app" / "page" / "examples"
    for name, strokes in SIGNS.items():
        draw(strokes).save(page / name)
