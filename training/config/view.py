"""A view: a part of an image that the exported graph embeds on its own."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class View(BaseModel):
    """A part of an image.

    Attributes:
        middle: The share of its width and height, around the centre, as in `InputSpec`.
        mirrored: Whether it is mirrored left to right.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    middle: float = Field(ge=0.1, le=1)
    mirrored: bool = False
