"""Identities divided into folds: each is tested once, by a system that has not seen it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from training.data.image_set import ImageSet
from training.data.split import IdentitySplit
from training.errors import SplitError


def fold_splits(
    images: ImageSet, folds: int, calibration: float, seed: int
) -> Iterator[IdentitySplit]:
    """One split for each fold: its identities are tested, the others trained and calibrated on.

    Args:
        images: The data set.
        folds: How many; each identity is in the test part of exactly one.
        calibration: The share of a split's other identities that are calibrated on.
        seed: Decides who is in which fold.

    Raises:
        SplitError: Fewer than two identities for each fold.
    """
    names = np.array(images.identities)
    if folds < 2 or len(names) < 2 * folds:  # noqa: PLR2004 (two identities make an impostor pair)
        raise SplitError(
            f"{images.name}: {len(names)} identities cannot make {folds} folds; each fold needs "
            "two, and there must be two folds or more"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    for test in np.array_split(order, folds):
        others = order[~np.isin(order, test)]
        held = max(2, round(len(others) * calibration))
        yield IdentitySplit(
            train=tuple(sorted(names[others[held:]].tolist())),
            calibration=tuple(sorted(names[others[:held]].tolist())),
            test=tuple(sorted(names[test].tolist())),
        )
