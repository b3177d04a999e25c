"""A data set split three ways by seed: by identity, so that nobody is in two parts, or by image.

By image every class is in every part, as in the closed-set protocols of MNIST: what is measured is
how new images of known classes fare, and nothing is said of new classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from model.bundle import Split, identity_digest
from model.manifest import SplitBy
from training.config.sections import SplitConfig
from training.data.image_set import ImageSet
from training.errors import DataError, SplitError

Part = Literal["train", "calibration", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
MIN_GENUINE = 2
"""Identities with two or more images that each part needs: one has no impostor, none no genuine."""


@dataclass(frozen=True)
class DataSplit(ABC):
    """What each part holds, by name, sorted."""

    train: tuple[str, ...]
    calibration: tuple[str, ...]
    test: tuple[str, ...]

    @abstractmethod
    def take(self, images: ImageSet, part: Part) -> ImageSet:
        """The images of one part.

        Raises:
            DataError: None of them is in the data set.
        """

    def digests(self) -> Split:
        """The same, with digests in place of names, as a bundle stores it."""
        parts = (frozenset(map(identity_digest, part)) for part in self._parts())
        return Split(*parts)

    def _parts(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        return self.train, self.calibration, self.test


class IdentitySplit(DataSplit):
    """The identities of each part."""

    def take(self, images: ImageSet, part: Part) -> ImageSet:
        """The images of one part's identities."""
        return images.of(getattr(self, part))


class ImageSplit(DataSplit):
    """The image names of each part."""

    def take(self, images: ImageSet, part: Part) -> ImageSet:
        """The images of one part."""
        return images.only(getattr(self, part))


SPLITS: dict[SplitBy, type[DataSplit]] = {
    SplitBy.IDENTITY: IdentitySplit,
    SplitBy.IMAGE: ImageSplit,
}


def split_by_digests(images: ImageSet, digests: Split, by: SplitBy) -> DataSplit | None:
    """The split of a data set that a bundle tells of by digests.

    Returns:
        None where it is not one of all of this data set.
    """
    names = images.identities if by is SplitBy.IDENTITY else [image.name for image in images]
    parts = [
        tuple(sorted(name for name in names if identity_digest(name) in part))
        for part in (digests.train, digests.calibration, digests.test)
    ]
    whole = all(parts) and sum(map(len, parts)) == len(names)
    return SPLITS[by](*parts) if whole else None


def split_data(
    images: ImageSet, config: SplitConfig, seed: int, seen: frozenset[str] = frozenset()
) -> DataSplit:
    """Split a data set as its config says.

    Args:
        images: The data set.
        config: The shares, and whether identities or images are divided.
        seed: Decides who is where.
        seen: Digests of identities that initial weights have seen; see `split_identities`.

    Raises:
        DataError: See `split_identities` and `split_images`.
        SplitError: The config is trained once for each of the data set's own folds.
    """
    if config.official_folds:
        raise SplitError(
            "this config has no single split: it is trained once for each of the data set's own "
            "folds, by `python -m training folds`"
        )
    if config.by is SplitBy.IMAGE:
        return split_images(images, config, seed)
    return split_identities(images, config, seed, seen)


def split_images(images: ImageSet, config: SplitConfig, seed: int) -> ImageSplit:
    """Split the images of each identity, in the same shares.

    Raises:
        SplitError: Too few images of too few identities, or an identity without training images.
    """
    rng = np.random.default_rng(seed)
    reserved = images.test_images if config.official else frozenset()
    open_to_all: dict[str, list[str]] = {identity: [] for identity in images.identities}
    for image in images:
        if image.name not in reserved:
            open_to_all[image.identity].append(image.name)
    train, calibration, test = set[str](), set[str](), set[str](reserved)
    for names in open_to_all.values():
        shuffled = [names[i] for i in rng.permutation(len(names))]
        n_calibration = round(len(names) * config.calibration)
        n_test = 0 if reserved else round(len(names) * config.test)
        calibration.update(shuffled[:n_calibration])
        test.update(shuffled[n_calibration : n_calibration + n_test])
        train.update(shuffled[n_calibration + n_test :])
    split = ImageSplit(*(tuple(sorted(part)) for part in (train, calibration, test)))
    _check_images(split, images)
    return split


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
    known = frozenset(name for name in images.identities if identity_digest(name) in seen)
    tested = _named(config.test_identities, images)
    kept = _named(config.calibration_identities, images)
    reserved = tested or (images.test_identities - known if config.official else frozenset())
    _check_named(kept, tested, reserved, known)
    open_to_all = [name for name in images.identities if name not in reserved | kept | known]
    shares = (0 if kept else config.calibration, 0 if reserved else config.test)
    train, calibration, test = set[str](known), set[str](kept), set[str](reserved)
    for several in (True, False):
        group = [name for name in open_to_all if (counts[name] > 1) is several]
        shuffled = [group[i] for i in rng.permutation(len(group))]
        n_calibration, n_test = (round(len(group) * share) for share in shares)
        calibration.update(shuffled[:n_calibration])
        test.update(shuffled[n_calibration : n_calibration + n_test])
        train.update(shuffled[n_calibration + n_test :])
    split = IdentitySplit(*(tuple(sorted(part)) for part in (train, calibration, test)))
    _check(split, counts)
    return split


def _check_named(
    kept: frozenset[str], tested: frozenset[str], reserved: frozenset[str], known: frozenset[str]
) -> None:
    """Refuse identities that a config gives to two parts, or takes from those seen already."""
    if both := sorted(kept & reserved):
        raise DataError(f"{', '.join(both)} cannot be calibrated and tested on; name others")
    if trained_on := sorted((kept | tested) & known):
        raise DataError(f"the initial weights have seen {', '.join(trained_on)}; name others")


def _named(names: tuple[str, ...], images: ImageSet) -> frozenset[str]:
    if strangers := sorted(set(names) - set(images.identities)):
        raise DataError(f"the split names {', '.join(strangers)}, who have no images here")
    return frozenset(names)


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


def _check_images(split: ImageSplit, images: ImageSet) -> None:
    for part in PARTS:
        counts = _images_per_identity(split.take(images, part)) if getattr(split, part) else {}
        several = sum(count > 1 for count in counts.values())
        if several < MIN_GENUINE:
            raise SplitError(
                f"the {part} part would have {several} identities with two or more images, and "
                f"needs {MIN_GENUINE}; bring more images of each (10 or more)"
            )
        if part == "train" and (unknown := set(images.identities) - counts.keys()):
            raise SplitError(
                f"{len(unknown)} identities, such as {min(unknown)}, have no training image; a "
                "closed set is trained on all of them: leave them out, or split by identity"
            )


def _check(
    split: IdentitySplit,
    counts: dict[str, int],
    parts: tuple[Part, ...] = PARTS,
) -> None:
    for part in parts:
        names = getattr(split, part)
        several = sum(counts[name] > 1 for name in names)
        if several < MIN_GENUINE:
            raise SplitError(
                f"the {part} part would have {several} identities with two or more images, and "
                f"needs {MIN_GENUINE}; bring more identities (20 or more, 4 images each)"
            )
