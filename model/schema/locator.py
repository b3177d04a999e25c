"""Locator of a manifest: the graph that finds the thing in a picture before it is compared."""

from typing import Final, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from model.schema.fields import Count, Fraction, Frozen, Sha256

LOCATOR_FILE: Final = "locator.onnx"
MAX_LOCATOR_BYTES: Final = 50_000_000
CANDIDATES: Final = 8
"""Candidates that the graph answers for each picture."""
STRIDE: Final = 32
"""Sides of the graph's input are multiples of this."""
MAX_LOCATOR_SIDE: Final = 1024
LANDMARKS: Final = 5

_DECODED_SIDES: Final = 4
"""Sides of the pyramid's largest level that a picture keeps when it is decoded."""
_RESIZING_BYTES: Final = (9 + 4 + 2) * 4 + 6
"""For each pixel of the square of a level's side."""
_CUTTING_BYTES: Final = (5 + 4 + 2 + 1) * 4 + 9
"""For each pixel of a crop."""

Point = tuple[FiniteFloat, FiniteFloat]
Template = tuple[Point, Point, Point, Point, Point]
"""Eyes (left in the picture, then right), tip of the nose, corners of the mouth (left, right), as
x and y in shares of the crop's side, from its left and upper edge."""
Candidate = tuple[Fraction, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
"""Score, centre x and y, and the vector u, v to the middle of the right edge, in pixels."""


class GoldenCandidates(Frozen):
    """The locator's self-check: its candidates for the golden picture (see `model.golden`)."""

    formula: Literal["portrait-1"] = "portrait-1"
    candidates: tuple[Candidate, ...] = Field(min_length=1, max_length=CANDIDATES)
    """Those whose score is at least half of the best one's; best first."""
    tolerance: float = Field(gt=0, le=0.1)
    """Largest allowed difference: of a score as it is, of the rest in shares of the longer side."""


class Acquisition(Frozen):
    """Images in which the locator found exactly one thing, and those in which it did not.

    The failure-to-acquire rate (ISO/IEC 19795-1) is the share of the latter. Error rates of
    comparison are of the images that were acquired.
    """

    images: int = Field(ge=1)
    nothing: Count
    several: Count

    @model_validator(mode="after")
    def _within_images(self) -> Self:
        if self.nothing + self.several > self.images:
            raise ValueError("more images were not acquired than there are")
        return self

    @property
    def failure_rate(self) -> float:
        """Share of images that were not acquired."""
        return (self.nothing + self.several) / self.images


class LocatorOrigin(Frozen):
    """Training of a locator.

    Attributes:
        taught_by: Source of the known answers, such as `random similarity transforms`.
        measured: Figures on images that were kept aside, by name, such as `median_centre_error`.
    """

    data: str
    data_sha256: Sha256
    config: str
    config_json: str
    seed: int
    taught_by: str
    command: str
    git_revision: str
    trained_at: str
    parameters: Count
    libraries: dict[str, str]
    measured: dict[str, FiniteFloat]


class LocatorSpec(Frozen):
    """A locator, how it is run, and how a crop is cut by what it found.

    The graph has one input, uint8 (n, h, w, 3), whose h and w are multiples of 32, and one output,
    float32 (n, 8, 5): candidates, each score, x, y, u, v (see `Candidate`), without two of one
    thing. In the pixels of a picture the centre of the first pixel is at 0.5, 0.5.
    """

    file: Literal["locator.onnx"] = LOCATOR_FILE
    sha256: Sha256
    bytes: int = Field(gt=0, le=MAX_LOCATOR_BYTES)
    opset: int = Field(ge=13)
    sides: tuple[int, ...] = Field(min_length=1, max_length=4)
    """The pyramid: for each, the picture is reduced until its longer side has that many pixels, and
    is padded to multiples of 32 at the right and below, with mid-grey. A picture with a shorter one
    is taken as it is, once."""
    refine_side: int | None = None
    """Side of the crop around a candidate in which it is located once more; None to do without."""
    refine_margin: float = Field(default=1.5, ge=1, le=4)
    """Side of that crop, in sides of the candidate."""
    threshold: Fraction
    """Score from which a candidate counts as located."""
    scale: float = Field(default=1, ge=0.2, le=5)
    """Side of the crop that is compared, in sides of what was located."""
    shift: Point = (0, 0)
    """Shift of that crop to the right and down, in sides of what was located."""
    template: Template | None = None
    """The five landmarks in what is located; None for things without them."""
    golden: GoldenCandidates
    calibration: Acquisition | None = None
    """Acquisition of the calibration images; None where it was not measured."""
    test: Acquisition | None = None
    """Acquisition of the test images; None where it was not measured."""
    origin: LocatorOrigin

    @model_validator(mode="after")
    def _bounded_sides(self) -> Self:
        if list(self.sides) != sorted(set(self.sides)):
            raise ValueError("the sides of a locator's pyramid must rise")
        sides = [*self.sides, *([] if self.refine_side is None else [self.refine_side])]
        if any(side % STRIDE or not STRIDE <= side <= MAX_LOCATOR_SIDE for side in sides):
            raise ValueError(
                f"the sides of a locator are multiples of {STRIDE}, at most {MAX_LOCATOR_SIDE}"
            )
        if any(abs(part) > 1 for part in self.shift):
            raise ValueError("the shift of a locator's crop is at most its side")
        if self.template is not None and len(set(self.template)) < LANDMARKS:
            raise ValueError("the landmarks of a template are five different points")
        return self

    @property
    def decoded_side(self) -> int:
        """Least side of a picture, in pixels, at which a JPEG is decoded at a reduced scale."""
        return _DECODED_SIDES * self.sides[-1]

    def searching_bytes(self, crop_side: int) -> int:
        """Memory that the pyramid, a crop of that side and what is between them take at most.

        A resize to side s first reduces the picture by a whole factor, to less than 3s by 3s, or
        leaves one of less than 4s as it is; its first pass then has at most s by 4s pixels; each
        pixel has 4 bytes. The rest is padded pixels, and bytes for the graph. A crop of side c is
        sampled at 2c from a reduced part of less than 2.2c, and then resized.
        """
        return _RESIZING_BYTES * self.largest_side**2 + _CUTTING_BYTES * crop_side**2

    @property
    def largest_side(self) -> int:
        """Largest side of the graph's input, in pixels."""
        return max(*self.sides, self.refine_side or 0)
