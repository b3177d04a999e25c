"""Error rates of groups of images, by columns of labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.manifest import OperatingPoint
from model.schema.conditions import Group
from training.data.labels import ImageLabels
from training.errors import DataError
from training.evaluation.compared import ComparedImages
from training.metrics.conditions import Compared, label_groups

NOTE_ON_GROUPS = (
    "few: below 10 identities, or too few impostor pairs for the target, to rely on the rate. "
    "*: the rate differs from that of all pairs, with allowance for the number of rates compared "
    "(Bonferroni, 5 % over a table); of 95 % intervals, one in twenty misses by chance"
)
IN_DOMAIN, OUT_OF_DOMAIN = "in the domain", "out of the domain"
_FEWEST_GROUPS = 2


@dataclass(frozen=True)
class LabelledRates:
    """Error rates of the groups of one column.

    Attributes:
        column: Its heading.
        unlabelled: Number of compared images without a label, which are in no group.
        groups: The pairs within each group of images, and then those across groups.
    """

    column: str
    unlabelled: int
    groups: tuple[Group, ...]


def labelled_rates(
    compared: ComparedImages, point: OperatingPoint, labels: ImageLabels
) -> tuple[LabelledRates, ...]:
    """Measure the groups of each column of labels, at an operating point.

    Raises:
        DataError: Fewer than two groups of a column have any pair.
    """
    pairs = Compared.of(compared.pairs, point)
    found = []
    for column in labels.columns:
        of_image = labels.of(column, compared.source)
        groups = label_groups(pairs, of_image)
        if sum(bool(group.fmr or group.fnmr) for group in groups[:-1]) < _FEWEST_GROUPS:
            raise DataError(
                f"the column {column} has too few labelled images: of the {len(of_image):,} images "
                f"that are measured {len(of_image) - of_image.count(None):,} have a label, and "
                "fewer than two groups of them have a pair to compare"
            )
        found.append(LabelledRates(column, of_image.count(None), groups))
    return tuple(found)


def domain_rates(
    compared: ComparedImages, point: OperatingPoint, is_out: NDArray[np.bool_]
) -> LabelledRates:
    """Measure the images in the domain, those out of it, (images,), and the pairs of both.

    A group without a pair is left out.
    """
    pairs = Compared.of(compared.pairs, point)
    names = [OUT_OF_DOMAIN if out else IN_DOMAIN for out in is_out.tolist()]
    groups = label_groups(pairs, names, across="one image in, one out")
    return LabelledRates("domain", 0, tuple(group for group in groups if group.fmr or group.fnmr))
