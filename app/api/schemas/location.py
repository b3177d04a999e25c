"""Location of the thing in each image, as a part of an answer."""

from __future__ import annotations

from pydantic import Field

from app.api.schemas.answer import Answer
from model.locating.locator import Found
from model.manifest import Manifest

_DIGITS = 2

Place = tuple[float, float]


class LocatedAnswer(Answer):
    """The thing that an image is compared by, in pixels of the upright image."""

    box: tuple[float, float, float, float] = Field(
        description="Left, upper, right and lower edge of the rectangle around the square."
    )
    corners: tuple[Place, Place, Place, Place] = Field(
        description="Corners of the square, which may be turned: upper left, upper right, lower "
        "right and lower left of the thing."
    )
    points: list[Place] | None = Field(
        description="The eyes, the tip of the nose and the corners of the mouth, where the model's "
        "template puts them; null of a model without a template."
    )
    score: float | None = Field(
        description="Score of the locator, 0 to 1; null where you sent landmarks."
    )
    others: int | None = Field(
        description="Number of other things in the image; null where you sent landmarks."
    )


def located_of(manifest: Manifest, located: tuple[Found, ...] | None) -> list[LocatedAnswer] | None:
    """Return what is located in each image; None of a model without a locator."""
    if located is None or manifest.locator is None:
        return None
    template = manifest.locator.template
    return [
        LocatedAnswer(
            box=tuple(round(edge, _DIGITS) for edge in found.located.box),
            corners=tuple(map(_place, found.located.corners)),
            points=None if template is None else list(map(_place, found.located.points(template))),
            score=found.located.score,
            others=found.others,
        )
        for found in located
    ]


def _place(point: Place) -> Place:
    return round(point[0], _DIGITS), round(point[1], _DIGITS)
