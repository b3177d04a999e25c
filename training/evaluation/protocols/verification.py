"""Same or different, on balanced random pairs of the test identities (as Koch et al. 2015).

Half of the pairs are genuine, half impostor, and each identity is equally frequent in them. The
threshold of a fold is the best one of the nine others, so no pair is decided by a threshold that
was chosen on it.
"""

from dataclasses import dataclass

import numpy as np

from model.scoring import energy
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import Indices, SystemUnderTest
from training.metrics.identity_error import error_over_identities
from training.metrics.verification import ten_fold_accuracy
from training.sampling.balanced_pairs import BalancedPairs

MAX_PAIRS = 1_000_000
NAME = "verification accuracy, balanced random pairs of the test identities"


@dataclass(frozen=True)
class Verification:
    """Accuracy on balanced random pairs.

    Attributes:
        pairs: Their number, half of them genuine; even, from 20 to `MAX_PAIRS`.
        seed: Of the draw.
    """

    pairs: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 20 <= self.pairs <= MAX_PAIRS or self.pairs % 2:  # noqa: PLR2004 (two in each fold)
            raise ValueError(f"pairs must be an even number from 20 to {MAX_PAIRS:,}")

    def __call__(self, system: SystemUnderTest) -> tuple[MeasuredValue, ...]:
        """Measure a system.

        Raises:
            DataError: An image cannot be read.
        """
        embeddings, labels = system.embed(system.tested)
        left, right = draw_pairs(labels, self.pairs, self.seed)
        first, second = labels[left], labels[right]
        energies = energy(system.metric, embeddings[left], embeddings[right])
        accuracy, decided = ten_fold_accuracy(energies, first == second)
        measured = MeasuredValue(
            name=NAME,
            value=accuracy,
            standard_error=error_over_identities(decided, first, second),
            standard_error_over="identities",
            trials=len(left),
        )
        return (measured,)


def draw_pairs(labels: Indices, count: int, seed: int) -> tuple[Indices, Indices]:
    """Draw balanced pairs of images with the identities `labels`: each one's images, (pairs,)."""
    drawn = BalancedPairs(count).epoch(labels, 2 * count, np.random.default_rng(seed))
    return drawn[:, ::2].ravel(), drawn[:, 1::2].ravel()


build = Verification
