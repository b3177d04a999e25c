"""Folds of the identities of the training and the calibration part; the test part stays unseen."""

from dataclasses import replace

import numpy as np

from training.data.split import DataSplit


def folds_of(split: DataSplit, count: int, seed: int, fixed: frozenset[str]) -> list[DataSplit]:
    """Return splits to compare candidates by, each with other identities held out as calibration.

    The first is the split itself. The held-out identities of each further one are as many, drawn
    by seed from the training part; those held out before are trained on.

    Args:
        split: The split of the data set, by identity.
        count: Maximum number of folds.
        seed: Seed of the drawing.
        fixed: Identities that are never held out, since the weights to start from have seen them.
    """
    size = len(split.calibration)
    free = [name for name in split.train if name not in fixed]
    drawn = [free[i] for i in np.random.default_rng([seed, 21]).permutation(len(free))]
    everyone = set(split.train) | set(split.calibration)
    folds = [split]
    for begin in range(0, (count - 1) * size, size):
        held_out = drawn[begin : begin + size]
        if len(held_out) == size:
            train = tuple(sorted(everyone - set(held_out)))
            folds.append(replace(split, train=train, calibration=tuple(sorted(held_out))))
    return folds
