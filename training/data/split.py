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


def split_identities(images: ImageSet, config: SplitConfig, seed: int) -> IdentitySplit:
    """Split the identities of a data set.

    Identities with one image and with several are divided in the same shares, so that each part has
    its genuine pairs.

    Raises:
        DataError: Every identity has one image: there is no genuine pair to learn from; or the
            config names an identity that is not there, or that is already tested on.
        SplitError: Too few identities with two or more images for three parts.
    """
    counts = _images_per_identity(images)
    if all(count == 1 for count in counts.values()):
        raise DataError(
            f"{images.name}: each of {len(counts)} identities has one image; same-or-different is "
            "learnt from at least two images of an identity"
        )
    rng = np.random.default_rng(seed)
    reserved = images.test_identities if config.official else frozenset()
    reserved = _named(config.test_identities, images) or reserved
    kept = _named(config.calibration_identities, images)
    if both := sorted(kept & reserved):
        raise DataError(f"{', '.join(both)} cannot be calibrated and tested on; name others")
    open_to_all = [name for name in images.identities if name not in reserved | kept]
    train, calibration, test = set[str](), set(kept), set[str](reserved)
    for several in (True, False):
        group = [name for name in open_to_all if (counts[name] > 1) is several]
        shuffled = [group[i] for i in rng.permutation(len(group))]
        n_calibration = 0 if kept else round(len(group) * config.calibration)
        n_test = 0 if reserved else round(len(group) * config.test)
        calibration.update(shuffled[:n_calibration])
        test.update(shuffled[n_calibration : n_calibration + n_test])
        train.update(shuffled[n_calibration + n_test :])
    split = IdentitySplit(*(tuple(sorted(part)) for part in (train, calibration, test)))
    _check(split, counts)
    return split


def _named(names: tuple[str, ...], images: ImageSet) -> frozenset[str]:
    if strangers := sorted(set(names) - set(images.identities)):
        raise DataError(f"the split names {', '.join(strangers)}, who have no images here")
    return frozenset(names)


def _images_per_identity(images: ImageSet) -> dict[str, int]:
    counts: dict[str, int] = {}
    for image in images:
        counts[image.identity] = counts.get(image.identity, 0) + 1
    return counts


def _check(split: IdentitySplit, counts: dict[str, int]) -> None:
    for part in ("train", "calibration", "test"):
        names = getattr(split, part)
        several = sum(counts[name] > 1 for name in names)
        if several < MIN_GENUINE:
            raise SplitError(
                f"the {part} part would have {several} identities with two or more images, and "
                f"needs {MIN_GENUINE}; bring more identities (20 or more, 4 images each)"
            )
