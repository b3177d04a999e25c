"""Labeled Faces in the Wild, View 2 (Huang et al. 2007, section 4): one of its ten folds.

Ten systems are trained, each without any person of one fold. View 2's figure is the mean accuracy
over the ten with its standard error; `folds` computes both from the values measured here.

A fold's threshold cannot be chosen on its own pairs, nor on those of the nine other folds, as LFW
does for untrained systems: nearly all of their people were trained on, which shifts their energies.
So pairs of the calibration people are drawn in the way of View 2: a person with equal chance, then
two images; two people, then an image of each; as many genuine as impostor pairs.
"""

from dataclasses import dataclass

import numpy as np

from model.scoring import is_same
from training.data.image_set import OfficialPair
from training.errors import DataError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.protocols.verification import MAX_PAIRS, draw_pairs
from training.evaluation.system import SystemUnderTest
from training.metrics.verification import best_threshold

NAME = "accuracy on the unseen fold of LFW View 2, threshold from other unseen people"


@dataclass(frozen=True)
class LfwView2:
    """Accuracy on the unseen fold.

    Attributes:
        threshold_pairs: Number of pairs that the threshold is chosen on, half of them genuine; an
            even number from 2 to `MAX_PAIRS`.
        seed: Of the draw of these pairs.
    """

    threshold_pairs: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.threshold_pairs <= MAX_PAIRS or self.threshold_pairs % 2:  # noqa: PLR2004 (one of each)
            raise ValueError(f"threshold_pairs must be an even number from 2 to {MAX_PAIRS:,}")

    def __call__(self, system: SystemUnderTest) -> tuple[MeasuredValue, ...]:
        """Measure a system on the fold that it has not seen.

        Raises:
            DataError: Its test people are not those of a fold, or an image cannot be read.
        """
        pairs = _unseen_fold(system)
        same = np.array([kind for *_, kind in pairs])
        right = is_same(system.listed_energies(pairs), self._threshold(system)) == same
        return (MeasuredValue(name=NAME, value=float(np.mean(right)), trials=len(pairs)),)

    def _threshold(self, system: SystemUnderTest) -> float:
        """Choose the best threshold for pairs of the calibration people."""
        people = system.calibrated
        labels = people.labels()
        left, right = draw_pairs(labels, self.threshold_pairs, self.seed)
        return best_threshold(system.energies(people, left, right), labels[left] == labels[right])


def _unseen_fold(system: SystemUnderTest) -> tuple[OfficialPair, ...]:
    """Return the fold with the people that the system is tested on."""
    tested = set(system.split.test)
    for pairs in system.images.pair_folds:
        if system.images.identities_in(pairs) == tested:
            return pairs
    raise DataError(
        f"{system.images.name}: the people that this system is tested on are not those of a fold "
        "of LFW's View 2 (pairs.txt); train it with `python -m training folds faces_view2`"
    )


build = LfwView2
