"""Location of the thing in each image, and the locator of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
"""x and y: in pixels of the upright image, or in shares of the crop's side."""
Candidate = tuple[float, float, float, float, float]
"""Score, centre x and y, and the vector from it to the middle of the right edge."""
Pick = Literal["largest", "central"]
"""Which thing is compared where several are located."""
FivePoints = Sequence[Sequence[float]]
"""Five points (x, y), in any form that NumPy takes as an array of shape (5, 2)."""


@dataclass(frozen=True)
class Located:
    """The thing that an image is compared by, in pixels of the upright image.

    Attributes:
        box: Left, upper, right and lower edge of the rectangle around the square.
        corners: Of the square, which may be turned: upper left, upper right, lower right and lower
            left of the thing.
        points: Eyes, nose and corners of the mouth, by the model's template; None without one.
        score: Of the locator, 0 to 1; None where landmarks were sent.
        others: Number of other things in the image; None where landmarks were sent.
    """

    box: tuple[float, float, float, float]
    corners: tuple[Point, Point, Point, Point]
    points: tuple[Point, ...] | None
    score: float | None
    others: int | None


@dataclass(frozen=True)
class GoldenCandidates:
    """The locator's self-check: its candidates for a synthetic picture, and their tolerance."""

    candidates: tuple[Candidate, ...]
    tolerance: float
    formula: Literal["portrait-1"] = "portrait-1"


@dataclass(frozen=True)
class Acquisition:
    """Images of a part of the data, and those in which nothing or several things were located."""

    images: int
    nothing: int
    several: int

    @property
    def failure_rate(self) -> float:
        """Failure-to-acquire rate: the share of images without exactly one located thing."""
        return (self.nothing + self.several) / self.images


@dataclass(frozen=True)
class LocatorOrigin:
    """Training of a locator."""

    data: str
    data_sha256: str
    config: str
    config_json: str
    seed: int
    taught_by: str
    command: str
    git_revision: str
    trained_at: str
    parameters: int
    libraries: dict[str, str]
    measured: dict[str, float]


@dataclass(frozen=True)
class Locator:
    """The graph that finds the thing in an image, and the crop that is compared."""

    sha256: str
    bytes: int
    opset: int
    sides: tuple[int, ...]
    threshold: float
    golden: GoldenCandidates
    origin: LocatorOrigin
    refine_side: int | None = None
    refine_margin: float = 1.5
    scale: float = 1.0
    shift: Point = (0.0, 0.0)
    template: tuple[Point, Point, Point, Point, Point] | None = None
    calibration: Acquisition | None = None
    test: Acquisition | None = None
    file: Literal["locator.onnx"] = "locator.onnx"
