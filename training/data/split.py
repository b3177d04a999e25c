"""Identities split three ways by seed: nobody is in two parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.bundle import Split, identity_digest
from training.config import SplitConfig
from training.data.image_set import ImageSet
from training.errors import DataError, SplitError

MIN_GENUINE = 2
"""Identities with two or more images that each part needs: one has no impostor, none no genuine."""


@dataclass(frozen=True)
class IdentitySplit:
    """The identities of each part, by name, sorted."""

    train: tuple[str, ...]
    calibration: tuple[str, ...]
    test: tuple[str, ...]

    def digests(self) -> Split:
        """The same, with digests in place of names, as a bundle stores it."""
        parts = (frozenset(map(identity_digest, part)) for part in self._parts())
        return Split(*parts)

    def _parts(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        return self.train, self.calibration, self.test


def split_identities(
    images: ImageSet, config: SplitConfig, seed: int, seen: frozenset[str] = frozenset()
) -> IdentitySplit:
    """Split the identities of a data set.

    Identities with one image and with several are divided in the same shares, so that each part has
    its genuine pairs. Whom the initial weights have seen can only be trained on.

    Args:
        images: The data set.
        config: The shares.
        seed: Of the draw.
        seen: Digests of the identities that the initial weights have seen.

    Raises:
        DataError: Every identity has one image: there is no genuine pair to learn from.
        SplitError: Too few identities with two or more images for three parts.
    """
    counts = _images_per_identity(images)
    if all(count == 1 for count in counts.values()):
        raise DataError(
            f"{images.name}: each of {len(counts)} identities has one image; same-or-different is "
            "learnt from at least two images of an identity"
        )
    rng = np.random.default_rng(seed)
    known = frozenset(name for name in images.identities if identity_digest(name) in seen)
    reserved = images.test_identities - known if config.official else frozenset()
    open_to_all = [name for name in images.identities if name not in reserved | known]
    train, calibration, test = set[str](known), set[str](), set[str](reserved)
    for several in (True, False):
        group = [name for name in open_to_all if (counts[name] > 1) is several]
        shuffled = [group[i] for i in rng.permutation(len(group))]
        n_calibration = round(len(group) * config.calibration)
        n_test = 0 if reserved else round(len(group) * config.test)
        calibration.update(shuffled[:n_calibration])
        test.update(shuffled[n_calibration : n_calibration + n_test])
        train.update(shuffled[n_calibration + n_test :])
    split = IdentitySplit(*(tuple(sorted(part)) for part in (train, calibration, test)))
    _check(split, counts)
    return split


def split_in_two(images: ImageSet, seed: int) -> IdentitySplit:
    """Split identities into halves to calibrate and to test on, with nobody to train on.

    Raises:
        SplitError: Too few identities with two or more images for two parts.
    """
    counts = _images_per_identity(images)
    rng = np.random.default_rng(seed)
    calibration, test = set[str](), set[str]()
    for several in (True, False):
        group = [name for name in images.identities if (counts[name] > 1) is several]
        shuffled = [group[i] for i in rng.permutation(len(group))]
        calibration.update(shuffled[: len(group) // 2])
        test.update(shuffled[len(group) // 2 :])
    split = IdentitySplit((), tuple(sorted(calibration)), tuple(sorted(test)))
    _check(split, counts, ("calibration", "test"))
    return split


def _images_per_identity(images: ImageSet) -> dict[str, int]:
    counts: dict[str, int] = {}
    for image in images:
        counts[image.identity] = counts.get(image.identity, 0) + 1
    return counts


def _check(
    split: IdentitySplit,
    counts: dict[str, int],
    parts: tuple[str, ...] = ("train", "calibration", "test"),
) -> None:
    for part in parts:
        names = getattr(split, part)
        several = sum(counts[name] > 1 for name in names)
        if several < MIN_GENUINE:
            raise SplitError(
                f"the {part} part would have {several} identities with two or more images, and "
                f"needs {MIN_GENUINE}; bring more identities (20 or more, 4 images each)"
            )
