"""FPR at 95 % recall, the measure of patch matching (Brown, Hua, Winder 2011).

It is the share of impostor pairs that are accepted at the lowest threshold which accepts 95 % of
the genuine pairs: the FMR where the FNMR is 5 %. Zagoruyko and Komodakis 2015 report it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.scoring import is_same
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest
from training.metrics.pairs import PairEnergies

_RECALL = 0.95


@dataclass(frozen=True)
class FalsePositivesAtRecall:
    """FPR over the pairs of at most `images_per_identity` images of each test identity.

    Measured are all pairs, or for a pair model a seeded sample.
    """

    images_per_identity: int = 10

    def __post_init__(self) -> None:
        if self.images_per_identity < 2:  # noqa: PLR2004 (a genuine pair)
            raise ValueError("images_per_identity must be at least 2")

    def __call__(self, system: SystemUnderTest) -> Iterator[MeasuredValue]:
        """Measure a system."""
        pairs = system.pairs(system.tested, self.images_per_identity)
        yield MeasuredValue(
            name="FPR at 95 % recall", value=fpr_at_recall(pairs), trials=len(pairs.impostor)
        )


def fpr_at_recall(pairs: PairEnergies, recall: float = _RECALL) -> float:
    """Share of impostor pairs accepted where at least `recall` of the genuine pairs are."""
    needed = max(1, math.ceil(recall * len(pairs.genuine) - 1e-9))
    threshold = float(pairs.genuine[needed - 1])
    return float(np.mean(is_same(pairs.impostor, threshold)))


build = FalsePositivesAtRecall
