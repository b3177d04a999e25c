"""Parameters of a model with a locator: which of several things, or a caller's own landmarks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field, FiniteFloat

from app.errors import ParameterError
from model.locating.locator import Aim, Pick
from model.manifest import Manifest
from model.schema.locator import LANDMARKS as FIVE

Face = Literal["largest", "central"]
Points = Annotated[
    list[Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]],
    Field(min_length=FIVE, max_length=FIVE),
]
"""Five points, each x and y."""

FACE: Final = (
    "Which thing is compared where a model with a locator finds several: the largest, or the one "
    "nearest to the middle. Without it, several are refused."
)
LANDMARKS: Final = (
    "Five landmarks of your own detector in place of the model's locator, [[x, y], …] in pixels of "
    "the upright image: the eyes, the one at the left of the picture first, the tip of the nose, "
    "and the corners of the mouth. For one image; not for several of one thing."
)


@dataclass(frozen=True)
class Landmarked:
    """Images that one parameter of landmarks goes with.

    Attributes:
        name: Of the parameter.
        images: Number of images.
        points: The landmarks, if they were sent.
    """

    name: str
    images: int
    points: Points | None


EXAMPLE: Final = [[54.0, 62.0], [106.0, 61.0], [80.0, 90.0], [60.0, 118.0], [101.0, 117.0]]


def aims_of(
    manifest: Manifest, face: Face | None, sides: Sequence[Landmarked]
) -> tuple[Aim, ...] | None:
    """Return how the thing in each image is chosen; None for a model that compares whole images.

    Raises:
        ParameterError: The model has no locator, or none with landmarks; landmarks with several
            images; or `face` where it would choose nothing.
    """
    locator = manifest.locator
    if locator is None:
        _refuse_all(manifest, face, sides)
        return None
    for side in sides:
        _check(side, has_template=locator.template is not None)
    if face is not None and all(side.points is not None for side in sides):
        raise ParameterError.of("face", "landmarks were sent for each image; leave one of them out")
    pick = Pick.ONLY if face is None else Pick(face)
    return tuple(aim for side in sides for aim in _aims(side, pick))


def _aims(side: Landmarked, pick: Pick) -> Sequence[Aim]:
    if side.points is None:
        return [pick] * side.images
    return [tuple((x, y) for x, y in side.points)]


def _refuse_all(manifest: Manifest, face: Face | None, sides: Sequence[Landmarked]) -> None:
    sent = [side.name for side in sides if side.points is not None]
    for name in [*sent, *(["face"] if face is not None else [])]:
        raise ParameterError.of(
            name,
            f"the model {manifest.name} has no locator, it compares whole images; leave it out",
        )


def _check(side: Landmarked, *, has_template: bool) -> None:
    if side.points is None:
        return
    if not has_template:
        raise ParameterError.of(side.name, "the model's locator has no landmarks; leave it out")
    if side.images > 1:
        raise ParameterError.of(side.name, "goes with one image, and several were sent")
