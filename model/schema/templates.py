"""Templates: several images of one thing on a side, with operating points of their own.

The energy of two templates is not on the scale of two images': at the threshold for one image a
side the FMR would be another. So every pair of numbers of images has its own thresholds and rates.
"""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from model.schema.calibration import Accuracy, Calibration
from model.schema.fields import Frozen

MAX_TEMPLATE_IMAGES = 16
"""The largest number of images on a side that operating points are measured for."""


class TemplateRule(StrEnum):
    """Rule that gives the energy of two templates (decision 43)."""

    MEAN = "mean"
    """The energy of the mean embeddings."""
    BIT_SHARES = "bit-shares"
    """The squared difference of the shares of ones in the two templates, summed over the bits."""
    TRIMMED_MEAN_ENERGY = "trimmed-mean-energy"
    """The mean energy of all pairs of an image of the one and an image of the other, without the
    lowest and the highest quarter of these energies, each rounded down."""


class TemplateSize(Frozen):
    """Measurements of templates of `images[0]` against templates of `images[1]` images.

    They are made as those of single images, and in the same terms: a genuine trial compares two
    disjoint sets of images of one subject, an impostor trial the sets of two subjects. The
    identities of a sample are those with a genuine trial; others have impostor trials only.
    """

    images: tuple[int, int]
    calibration: Calibration
    accuracy: Accuracy

    @model_validator(mode="after")
    def _smaller_number_first(self) -> Self:
        fewer, more = self.images
        if not 1 <= fewer <= more <= MAX_TEMPLATE_IMAGES or more == 1:
            raise ValueError(
                f"a size of {fewer}:{more}; it has the smaller number of images first, and two or "
                f"more but at most {MAX_TEMPLATE_IMAGES} second"
            )
        return self


class Templates(Frozen):
    """The rule of a bundle for templates, and the sizes that it was measured for."""

    rule: TemplateRule
    sizes: tuple[TemplateSize, ...] = Field(max_length=64)

    @model_validator(mode="after")
    def _each_size_once(self) -> Self:
        if len({size.images for size in self.sizes}) < len(self.sizes):
            raise ValueError("a size of templates is there twice")
        return self

    def size(self, images: tuple[int, int]) -> TemplateSize | None:
        """Return the measurements for so many images on the two sides, in either order, or None."""
        wanted = (min(images), max(images))
        return next((size for size in self.sizes if size.images == wanted), None)
