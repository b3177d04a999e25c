"""Accuracy on a published list of pairs, with thresholds from the other folds (LFW's protocol)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.scoring import Energies, is_same
from training.errors import DataError

FOLDS = 10


class TenFold(NamedTuple):
    """Result of a ten-fold verification.

    Attributes:
        accuracy: Mean over the folds of the share of right decisions.
        right: Whether each pair was decided rightly, in the order of the list, (pairs,).
    """

    accuracy: float
    right: NDArray[np.bool_]


def ten_fold_accuracy(energies: Energies, same: NDArray[np.bool_]) -> TenFold:
    """Decide the pairs of each of ten folds by the best threshold of the other nine.

    A fold is a tenth of the genuine and a tenth of the impostor pairs, in the order of the list
    (Huang et al. 2007, section 4; View 1's list has no folds of its own).

    Args:
        energies: Of the listed pairs, (pairs,).
        same: True for a genuine pair, (pairs,).

    Raises:
        DataError: Fewer than ten pairs of either kind.
    """
    if min(same.sum(), (~same).sum()) < FOLDS:
        raise DataError("ten folds need at least ten genuine and ten impostor pairs")
    fold = np.empty(len(same), dtype=np.int64)
    for kind in (same, ~same):
        fold[kind] = np.arange(kind.sum()) * FOLDS // kind.sum()
    right = np.empty(len(same), dtype=np.bool_)
    for k in range(FOLDS):
        held_out = fold == k
        threshold = best_threshold(energies[~held_out], same[~held_out])
        right[held_out] = is_same(energies[held_out], threshold) == same[held_out]
    accuracy = np.mean([right[fold == k].mean() for k in range(FOLDS)])
    return TenFold(float(accuracy), right)


def best_threshold(energies: Energies, same: NDArray[np.bool_]) -> float:
    """Threshold of energies, (pairs,), with the most right decisions; of several, the lowest."""
    levels, level = np.unique(energies.astype(np.float64), return_inverse=True)
    gained = np.bincount(level, np.where(same, 1, -1), len(levels))
    best = int(np.argmax(np.concatenate([[0], np.cumsum(gained)])))  # Number of levels accepted.
    ends = np.concatenate([[np.nextafter(levels[0], -np.inf)], levels, levels[-1:]])
    return float((ends[best] + ends[best + 1]) / 2) if best else float(ends[0])
