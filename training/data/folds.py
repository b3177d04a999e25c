"""Identities divided into folds: each is tested once, by a system that has not seen it.

The folds are drawn, or are those that come with the data set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from training.data.image_set import ImageSet
from training.data.split import MIN_GENUINE, IdentitySplit
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


def official_fold_splits(
    images: ImageSet, calibration: float, seed: int
) -> Iterator[IdentitySplit]:
    """One split for each of the data set's own folds, as LFW's View 2 has them.

    Whom a fold's pairs show is tested. Of all others, in no pair at all among them, a share of
    those with several images is calibrated on, so that thresholds come from people whom the network
    has not seen: the pairs of the other folds show people that it was trained on, whose genuine
    energies are lower and impostor energies higher than a stranger's. The rest is trained on.

    Args:
        images: The data set.
        calibration: The share that is calibrated on.
        seed: Decides who that is, in each fold anew.

    Raises:
        SplitError: The data set has no folds, somebody is in two of them, or a fold leaves too few
            with several images.
    """
    folds = [images.identities_in(pairs) for pairs in images.pair_folds]
    if not folds:
        raise SplitError(
            f"{images.name} has no folds of its own; LFW's are in pairs.txt, beside its other lists"
        )
    times = Counter(identity for tested in folds for identity in tested)
    if twice := sorted(identity for identity, count in times.items() if count > 1):
        raise SplitError(
            f"{len(twice)} identities, such as {twice[0]}, are in several folds of {images.name}, "
            "so that no fold can be tested without them in training; mend the list of pairs"
        )
    counts = Counter(image.identity for image in images)
    for fold, tested in enumerate(folds):
        several = [name for name in images.identities if counts[name] > 1 and name not in tested]
        if len(several) < 2 * MIN_GENUINE:
            raise SplitError(
                f"fold {fold} of {images.name} leaves {len(several)} identities with several "
                f"images to train and calibrate on, and each needs {MIN_GENUINE}"
            )
        order = np.random.default_rng([seed, fold]).permutation(len(several))
        held = {several[i] for i in order[: max(MIN_GENUINE, round(len(order) * calibration))]}
        yield IdentitySplit(
            train=tuple(name for name in images.identities if name not in tested | held),
            calibration=tuple(sorted(held)),
            test=tuple(sorted(tested)),
        )
