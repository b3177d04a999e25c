"""Config of the training of a locator."""

from typing import Self

from pydantic import Field, model_validator

from model.schema.fields import Frozen
from model.schema.locator import Template
from training.config.sections import SplitConfig


class LocatorConfig(Frozen):
    """Everything that decides the training of a locator. Lengths are in pixels of its input."""

    name: str
    """Name of the config."""
    summary: str
    """One sentence, for the list of configs."""
    source: int = Field(default=160, ge=16, le=512)
    """Side of the aligned pictures, of which the largest centred square is taken."""
    canvas: int = Field(default=128, ge=32, le=512)
    """Side of the scenes to train on, a multiple of 32."""
    sides: tuple[float, float] = (26.0, 176.0)
    """Smallest and largest side of a thing's square in a scene."""
    turn: float = Field(default=45, ge=0, le=90)
    """Largest turn of a thing, in degrees, either way."""
    mirrored: bool = True
    """Show a thing as in a mirror half of the time; not for signs or characters."""
    core: float = Field(default=0.5, gt=0, le=1)
    """Share of the square's side, around its centre, that shows the thing itself, not what is
    around it: at least that much is pasted."""
    widths: tuple[int, int, int, int] = (16, 32, 64, 96)
    """Maps at a half, a quarter, an eighth and a sixteenth of the input's size."""
    depths: tuple[int, int, int] = (1, 2, 4)
    """Further blocks at a quarter, an eighth and a sixteenth."""
    backgrounds: int = Field(default=4096, ge=8)
    """Pictures without a thing that backgrounds are drawn from."""
    steps: int = Field(default=6000, ge=1)
    """Batches to train on."""
    batch: int = Field(default=64, ge=2)
    """Scenes in a batch."""
    learning_rate: float = Field(default=3e-3, gt=0)
    """Peak learning rate of AdamW, with warm-up and a cosine to zero."""
    levels: tuple[int, ...] = (96, 192, 384)
    """Sides of the pyramid in which a thing is looked for; see `LocatorSpec.sides`."""
    refine_side: int | None = 96
    """Side of the crop in which a thing is located once more."""
    refine_margin: float = Field(default=1.25, ge=1, le=4)
    """Side of that crop, in sides of the thing's square."""
    scale: float = Field(default=1, ge=0.2, le=5)
    """Side of the crop that is compared, in sides of the thing's square."""
    template: Template | None = None
    """Landmarks of a thing, as shares of the square's side; None for things without."""
    split: SplitConfig = SplitConfig()
    """Division of the data; the training part is learnt from."""
    seed: int = Field(default=0, ge=0)
    """Seed of the split, the weights, the backgrounds and the scenes."""

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if self.canvas % 32:
            raise ValueError("canvas must be a multiple of 32")
        if not 0 < self.sides[0] < self.sides[1]:
            raise ValueError("sides must be a rising pair of positive numbers")
        return self
