"""Cross-validation: identities divided into folds, random or the data set's own."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from training.data.image_set import ImageSet
from training.data.split import MIN_GENUINE, IdentitySplit
from training.errors import SplitError


def fold_splits(
    images: ImageSet, folds: int, calibration: float, seed: int
) -> Iterator[IdentitySplit]:
    """Yield a split for each of a number of random folds, whose identities are tested.

    Each identity is in the test part of exactly one fold. Of the others a share is calibrated on,
    and the rest trained on.

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
    images: ImageSet, calibration: float, seed: int, groups: int | None = None
) -> Iterator[IdentitySplit]:
    """Yield a split for each of the data set's own folds, such as LFW's View 2.

    The identities in a fold's pairs are tested. Of the others, including those in no pair, a share
    of those with several images is calibrated on, so that thresholds come from identities that the
    network was not trained on: it gives the identities in the pairs of other folds, which it was
    trained on, lower genuine and higher impostor energies. The rest is trained on.

    The folds of a group of neighbours calibrate on the same identities, which none of them tests;
    each group chooses others. By default each fold is a group.

    Raises:
        SplitError: The data set has no folds, or fewer than groups, an identity is in two of them,
            or a group leaves too few identities with several images.
    """
    folds = [images.identities_in(pairs) for pairs in images.pair_folds]
    _check_folds(images, folds, groups)
    for group, members in enumerate(np.array_split(np.arange(len(folds)), groups or len(folds))):
        tested_by = [folds[fold] for fold in members]
        held = _calibration(images, frozenset().union(*tested_by), calibration, [seed, group])
        for tested in tested_by:
            yield IdentitySplit(
                train=tuple(name for name in images.identities if name not in tested | held),
                calibration=tuple(sorted(held)),
                test=tuple(sorted(tested)),
            )


def common_split(splits: Sequence[IdentitySplit]) -> IdentitySplit:
    """Combine splits of folds that calibrate on the same identities, for their common start.

    The result trains on what all of them train on, and tests what any of them tests.
    """
    tested = frozenset(name for split in splits for name in split.test)
    return IdentitySplit(
        train=tuple(name for name in splits[0].train if name not in tested),
        calibration=splits[0].calibration,
        test=tuple(sorted(tested)),
    )


def _check_folds(images: ImageSet, folds: list[frozenset[str]], groups: int | None) -> None:
    """Refuse folds that are missing, overlap, or are fewer than their groups."""
    if not folds:
        raise SplitError(
            f"{images.name} has no folds of its own; LFW's are in pairs.txt, beside its other lists"
        )
    if groups is not None and groups > len(folds):
        raise SplitError(f"{images.name} has {len(folds)} folds, which make no {groups} groups")
    times = Counter(identity for tested in folds for identity in tested)
    if twice := sorted(identity for identity, count in times.items() if count > 1):
        raise SplitError(
            f"{len(twice)} identities, such as {twice[0]}, are in several folds of {images.name}, "
            "so that no fold can be tested without them in training; mend the list of pairs"
        )


def _calibration(
    images: ImageSet, tested: frozenset[str], share: float, seed: list[int]
) -> frozenset[str]:
    """Choose a share of the identities with several images that are not tested."""
    counts = images.counts()
    several = [name for name in images.identities if counts[name] > 1 and name not in tested]
    if len(several) < 2 * MIN_GENUINE:
        raise SplitError(
            f"group {seed[-1]} of the folds of {images.name} leaves {len(several)} identities with "
            f"several images to train and calibrate on, and each needs {MIN_GENUINE}"
        )
    order = np.random.default_rng(seed).permutation(len(several))
    held = max(MIN_GENUINE, round(len(order) * share))
    return frozenset(several[i] for i in order[:held])
