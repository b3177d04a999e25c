"""Labeled Faces in the Wild, View 2 (Huang et al. 2007, section 4): one of its ten folds.

Ten systems are trained, each without any person of one fold, and the figure of View 2 is the mean
accuracy over the ten with its standard error; `folds` computes both from what is measured here.

A fold's threshold must not be chosen on its own pairs. The pairs of the nine other folds, from
which LFW has it chosen where nothing is trained, will not do either: nearly all of their people
were trained on, genuine energies among them are lower and impostor energies higher than a
stranger's, and the best threshold between them is not a stranger's. Only pairs of the calibration
people are free of that; of those listed in other folds few impostor pairs have both people among
them. So pairs are drawn of the calibration people as View 2's were drawn of its own: a person with
equal chance, then two images; two people, then an image of each; as many genuine as impostor pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.scoring import is_same
from training.data.image_set import OfficialPair
from training.errors import DataError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest
from training.metrics.verification import best_threshold
from training.sampling.balanced_pairs import BalancedPairs

MAX_PAIRS = 1_000_000
FIGURE = "accuracy on the unseen fold of LFW View 2, threshold from other unseen people"


@dataclass(frozen=True)
class LfwView2:
    """The protocol.

    Attributes:
        threshold_pairs: How many pairs the threshold is chosen on, half of them genuine; an even
            number from 2 to `MAX_PAIRS`.
        seed: Of their drawing.
    """

    threshold_pairs: int
    seed: int

    def __post_init__(self) -> None:
        if not 2 <= self.threshold_pairs <= MAX_PAIRS or self.threshold_pairs % 2:  # noqa: PLR2004 (one of each)
            raise ValueError(f"threshold_pairs must be an even number from 2 to {MAX_PAIRS:,}")

    def __call__(self, system: SystemUnderTest) -> tuple[MeasuredValue, ...]:
        """Measure the fold that a system has not seen.

        Raises:
            DataError: Its test people are not those of a fold, or an image cannot be read.
        """
        pairs = _unseen_fold(system)
        same = np.array([kind for *_, kind in pairs])
        right = is_same(system.listed_energies(pairs), self._threshold(system)) == same
        return (MeasuredValue(name=FIGURE, value=float(np.mean(right)), trials=len(pairs)),)

    def _threshold(self, system: SystemUnderTest) -> float:
        """The best one for pairs of the calibration people."""
        people = system.calibrated
        labels = people.labels()
        rng = np.random.default_rng(self.seed)
        drawn = BalancedPairs(self.threshold_pairs).epoch(labels, 2 * self.threshold_pairs, rng)
        left, right = drawn.reshape(-1, 2).T
        return best_threshold(system.energies(people, left, right), labels[left] == labels[right])


def _unseen_fold(system: SystemUnderTest) -> tuple[OfficialPair, ...]:
    """The fold whose people are those that the system is tested on."""
    tested = set(system.split.test)
    for pairs in system.images.pair_folds:
        if system.images.identities_in(pairs) == tested:
            return pairs
    raise DataError(
        f"{system.images.name}: the people that this system is tested on are not those of a fold "
        "of LFW's View 2 (pairs.txt); train it with `python -m training folds faces_view2`"
    )


def build(threshold_pairs: int = 10_000, seed: int = 0) -> LfwView2:
    """The protocol `lfw_view2`."""
    return LfwView2(threshold_pairs, seed)
