"""Draw docs/architecture/packages.svg: the packages of app, training and model, and their imports.

    python -m scripts.architecture_picture

Rows are the layers that import-linter checks (pyproject.toml); arrows are imports, without those
that follow from others. The same tree gives the same bytes.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
TO = ROOT / "docs" / "architecture" / "packages.svg"
HOUSES = {
    "app": ("app/: the service", "#0d9488"),
    "training": ("training/: from a folder of images to a bundle", "#d97706"),
    "model": ("model/: the contract of the two", "#2563eb"),
}
ROW, BOX, GAP, MARGIN, LETTER = 54, 28, 16, 24, 7.4
SWEEPS = 24

Edge = tuple[str, str]


@dataclass
class Place:
    """A box, or a point without a name where an arrow passes a row; `x` is its centre."""

    name: str
    row: int
    x: float = 0.0
    above: list[Place] = field(default_factory=list)
    below: list[Place] = field(default_factory=list)

    @property
    def width(self) -> float:
        """Width of the box, or of the gap for an arrow."""
        return len(self.name) * LETTER + 20 if self.name else 8


@dataclass(frozen=True)
class House:
    """A laid out top-level package: rows of places, and arrows as chains of places."""

    name: str
    rows: list[list[Place]]
    arrows: list[list[Place]]

    @property
    def width(self) -> float:
        """Width of the frame."""
        return max(p.x + p.width / 2 for row in self.rows for p in row) + MARGIN

    @property
    def height(self) -> float:
        """Height of the frame, with its title."""
        return len(self.rows) * ROW + 2 * MARGIN


def picture() -> str:
    """Return the SVG of the tree as it is now."""
    graph = grimp.build_graph(*HOUSES, cache_dir=None)
    app, training, model = (
        _laid_out(name, _layers(name), _imports(graph, name)) for name in HOUSES
    )
    left, top = app.width + 2 * MARGIN, max(app.height, training.height) + 3 * MARGIN
    middle = left - model.width / 2
    parts = [
        *_drawn(app, MARGIN, MARGIN),
        *_drawn(training, left, MARGIN),
        *_drawn(model, middle, top),
    ]
    for x, house in ((MARGIN + app.width - 50, app), (left + 50, training)):
        parts.append(_arrow([(x, MARGIN + house.height), (x, top)], "#475569"))
    width, height = left + training.width + MARGIN, top + model.height + MARGIN
    return "\n".join([_head(width, height), *parts, "</svg>\n"])


def _layers(house: str) -> list[list[str]]:
    """Return the layers of a top-level package in import-linter's contract, from the top."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c.get("containers") == [house])
    return [layer.split(" | ") for layer in layers]


def _imports(graph: grimp.ImportGraph, house: str) -> list[Edge]:
    """Return the imports between packages, (from, to), without those that follow from others."""
    packages = graph.find_children(house)
    for package in packages:
        graph.squash_module(package)
    edges = []
    for a in sorted(packages):
        direct = graph.find_modules_directly_imported_by(a) & packages
        implied = set().union(*map(graph.find_upstream_modules, direct))
        edges += [(a.rpartition(".")[2], b.rpartition(".")[2]) for b in sorted(direct - implied)]
    return edges


def _laid_out(house: str, layers: list[list[str]], edges: list[Edge]) -> House:
    rows = [[Place(name, row) for name in layer] for row, layer in enumerate(layers)]
    boxes = {place.name: place for place in itertools.chain(*rows)}
    arrows = []
    for a, b in edges:
        between = range(boxes[a].row + 1, boxes[b].row)
        arrow = [boxes[a], *(Place("", row) for row in between), boxes[b]]
        for place in arrow[1:-1]:
            rows[place.row].append(place)
        for upper, lower in itertools.pairwise(arrow):
            upper.below.append(lower)
            lower.above.append(upper)
        arrows.append(arrow)
    _arrange(rows)
    return House(house, rows, arrows)


def _arrange(rows: list[list[Place]]) -> None:
    """Move each place towards its neighbours, row by row; then to the right of the margin."""
    for row in rows:
        _spread(row)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            for place in row:
                near = place.above if sweep % 2 == 0 else place.below
                near = near or place.above or place.below or row
                place.x = sum(n.x for n in near) / len(near)
            row.sort(key=lambda place: place.x)
            _spread(row)
    shift = MARGIN - min(place.x - place.width / 2 for row in rows for place in row)
    for place in itertools.chain(*rows):
        place.x += shift


def _spread(row: list[Place]) -> None:
    """Separate places that overlap, and keep the centre of the row."""
    before = sum(place.x for place in row)
    for left, right in itertools.pairwise(row):
        right.x = max(right.x, left.x + (left.width + right.width) / 2 + GAP)
    shift = (sum(place.x for place in row) - before) / len(row)
    for place in row:
        place.x -= shift


def _drawn(house: House, left: float, top: float) -> Iterable[str]:
    title, colour = HOUSES[house.name]
    yield (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{house.width:.1f}" height="{house.height:.1f}"'
        f' rx="12" fill="{colour}" fill-opacity="0.07" stroke="{colour}"/>'
    )
    yield f'<text x="{left + 14:.1f}" y="{top + 22:.1f}" class="title">{title}</text>'

    def middle(row: int) -> float:
        return top + 1.6 * MARGIN + BOX / 2 + row * ROW

    for arrow in house.arrows:
        points = [(left + place.x, middle(place.row)) for place in arrow]
        (x, y), (to_x, to_y) = points[0], points[-1]
        yield _arrow([(x, y + BOX / 2), *points[1:-1], (to_x, to_y - BOX / 2)], colour)
    for place in itertools.chain(*house.rows):
        if place.name:
            yield _box(place, left + place.x, middle(place.row), colour)


def _box(place: Place, x: float, y: float, colour: str) -> str:
    return (
        f'<rect x="{x - place.width / 2:.1f}" y="{y - BOX / 2:.1f}" width="{place.width:.1f}"'
        f' height="{BOX}" rx="6" fill="#fff" stroke="{colour}"/>'
        f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{place.name}</text>'
    )


def _arrow(points: list[tuple[float, float]], colour: str) -> str:
    """Return a curve through the points, vertical at each."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in itertools.pairwise(points):
        bend = (to_y - y) / 2
        path += f"C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"
    return f'<path d="{path}" stroke="{colour}" marker-end="url(#head)"/>'


def _head(width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">\n'
        "<style>text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#0f172a}"
        ".title{font:600 14px system-ui,sans-serif}path{fill:none;stroke-opacity:.65}</style>\n"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><polygon points="0,0 8,4 0,8" fill="#475569"/></marker>'
        "</defs>\n"
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>'
    )


if __name__ == "__main__":
    TO.parent.mkdir(exist_ok=True)
    TO.write_text(picture(), encoding="utf-8")
