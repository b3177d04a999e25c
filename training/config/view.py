"""A view: a crop of an image that the exported graph embeds on its own."""

from __future__ import annotations

from pydantic import Field

from model.fields import Frozen


class View(Frozen):
    """A centred crop of an image, possibly mirrored."""

    middle: float = Field(ge=0.1, le=1)
    """Share of the image's width and height, around the centre, as in `InputSpec`."""
    mirrored: bool = False
    """Mirror it left to right."""
