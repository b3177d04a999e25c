"""Splits of a data set into training, calibration and test parts, by identity or by image.

By identity the parts have no identity in common. By image every class is in every part, as in the
closed-set protocols of MNIST: error rates are those of new images of known classes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from model.bundle import Split, identity_digest
from model.manifest import SplitBy
from training.config.sections import SplitConfig
from training.data.image_set import ImageSet
from training.errors import DataError, SplitError

Part = Literal["train", "calibration", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
MIN_GENUINE = 2
"""Minimum identities with two or more images in each part, for genuine and impostor pairs."""


@dataclass(frozen=True)
class DataSplit:
    """Names in each part, sorted: of identities or of images."""

    by: ClassVar[SplitBy]
    train: tuple[str, ...]
    calibration: tuple[str, ...]
    test: tuple[str, ...]

    def take(self, images: ImageSet, part: Part) -> ImageSet:
        """Select the images of one part.

        Raises:
            DataError: None of them is in the data set.
        """
        names = getattr(self, part)
        return images.of(names) if self.by is SplitBy.IDENTITY else images.only(names)

    def digests(self) -> Split:
        """Return the split with digests in place of names, as a bundle stores it."""
        parts = (self.train, self.calibration, self.test)
        return Split(*(frozenset(map(identity_digest, part)) for part in parts))


class IdentitySplit(DataSplit):
    """Identities of each part."""

    by = SplitBy.IDENTITY


class ImageSplit(DataSplit):
    """Image names of each part."""

    by = SplitBy.IMAGE


SPLITS: dict[SplitBy, type[DataSplit]] = {kind.by: kind for kind in (IdentitySplit, ImageSplit)}


def split_by_digests(
    images: ImageSet, digests: Split, by: SplitBy, *, is_trained: bool = True
) -> DataSplit | None:
    """Find the names of a split that a bundle stores as digests.

    Args:
        images: The data set.
        digests: The stored split.
        by: Whether its names are those of identities or of images.
        is_trained: Whether the bundle was trained on some of them: an adopted one need not be.

    Returns:
        None if it is not a split of this whole data set.
    """
    names = images.identities if by is SplitBy.IDENTITY else [image.name for image in images]
    parts = [
        tuple(sorted(name for name in names if identity_digest(name) in part))
        for part in (digests.train, digests.calibration, digests.test)
    ]
    needed = parts if is_trained else parts[1:]
    whole = all(needed) and sum(map(len, parts)) == len(names)
    return SPLITS[by](*parts) if whole else None


def split_data(
    images: ImageSet, config: SplitConfig, seed: int, seen: frozenset[str] = frozenset()
) -> DataSplit:
    """Split a data set as configured; for `seen` see `split_identities`.

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
    unassigned: dict[str, list[str]] = {identity: [] for identity in images.identities}
    for image in images:
        if image.name not in reserved:
            unassigned[image.identity].append(image.name)
    shares = (config.calibration, 0 if reserved else config.test)
    train, calibration, test = _divide(unassigned.values(), shares, rng)
    split = ImageSplit(*map(_sorted, (train, calibration, test | reserved)))
    _check_images(split, images)
    return split


def split_identities(
    images: ImageSet, config: SplitConfig, seed: int, seen: frozenset[str] = frozenset()
) -> IdentitySplit:
    """Split the identities of a data set.

    Identities with one image and with several are divided in the same shares, so that each part has
    genuine pairs. Identities that the initial weights have seen, by their digests, can only be
    trained on.

    Raises:
        DataError: Every identity has one image, so there is no genuine pair; or the config names
            an identity that does not exist, or that is already in another part.
        SplitError: Too few identities with two or more images for three parts.
    """
    counts = images.counts()
    if all(count == 1 for count in counts.values()):
        raise DataError(
            f"{images.name}: each of {len(counts)} identities has one image; same-or-different is "
            "learnt from at least two images of an identity"
        )
    rng = np.random.default_rng(seed)
    known = frozenset(name for name in images.identities if identity_digest(name) in seen)
    tested = _named(config.test_identities, images)
    calibrated = _named(config.calibration_identities, images)
    reserved = tested or (images.test_identities - known if config.official else frozenset())
    _check_named(config, reserved, known)
    unassigned = [n for n in images.identities if n not in reserved | calibrated | known]
    shares = (0 if calibrated else config.calibration, 0 if reserved else config.test)
    train, calibration, test = _divide(_by_count(unassigned, counts), shares, rng)
    parts = (train | known, calibration | calibrated, test | reserved)
    split = IdentitySplit(*map(_sorted, parts))
    _check_identities(split, counts, PARTS)
    return split


def _by_count(names: Sequence[str], counts: Mapping[str, int]) -> list[list[str]]:
    """Group identities: those with several images, then those with one."""
    return [[n for n in names if (counts[n] > 1) is several] for several in (True, False)]


def _divide(
    groups: Iterable[Sequence[str]], shares: tuple[float, float], rng: np.random.Generator
) -> tuple[set[str], set[str], set[str]]:
    """Divide each group by the shares of calibration and test; the rest is trained on."""
    train, calibration, test = set[str](), set[str](), set[str]()
    for group in groups:
        shuffled = [group[i] for i in rng.permutation(len(group))]
        n_calibration, n_test = (round(len(group) * share) for share in shares)
        calibration.update(shuffled[:n_calibration])
        test.update(shuffled[n_calibration : n_calibration + n_test])
        train.update(shuffled[n_calibration + n_test :])
    return train, calibration, test


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _check_named(config: SplitConfig, reserved: frozenset[str], known: frozenset[str]) -> None:
    """Refuse identities that a config puts into two parts, or that were trained on already."""
    calibrated = frozenset(config.calibration_identities)
    if both := sorted(calibrated & reserved):
        raise DataError(f"{', '.join(both)} cannot be calibrated and tested on; name others")
    if trained_on := sorted(calibrated.union(config.test_identities) & known):
        raise DataError(f"the initial weights have seen {', '.join(trained_on)}; name others")


def _named(names: tuple[str, ...], images: ImageSet) -> frozenset[str]:
    if missing := sorted(set(names) - set(images.identities)):
        raise DataError(f"the split names {', '.join(missing)}, who have no images here")
    return frozenset(names)


def split_in_two(images: ImageSet, seed: int) -> IdentitySplit:
    """Split identities into halves to calibrate and to test on, with an empty training part.

    Raises:
        SplitError: Too few identities with two or more images for two parts.
    """
    counts = images.counts()
    rng = np.random.default_rng(seed)
    calibration, test = set[str](), set[str]()
    for group in _by_count(images.identities, counts):
        shuffled = [group[i] for i in rng.permutation(len(group))]
        calibration.update(shuffled[: len(group) // 2])
        test.update(shuffled[len(group) // 2 :])
    split = IdentitySplit((), _sorted(calibration), _sorted(test))
    _check_identities(split, counts, ("calibration", "test"))
    return split


def _check_images(split: ImageSplit, images: ImageSet) -> None:
    for part in PARTS:
        counts = split.take(images, part).counts() if getattr(split, part) else Counter[str]()
        _check_genuine(part, counts.values(), "images of each (10 or more)")
        if part == "train" and (unknown := set(images.identities) - counts.keys()):
            raise SplitError(
                f"{len(unknown)} identities, such as {min(unknown)}, have no training image; a "
                "closed set is trained on all of them: leave them out, or split by identity"
            )


def _check_identities(split: DataSplit, counts: Mapping[str, int], parts: Iterable[Part]) -> None:
    for part in parts:
        images = (counts[name] for name in getattr(split, part))
        _check_genuine(part, images, "identities (20 or more, 4 images each)")


def _check_genuine(part: Part, images: Iterable[int], remedy: str) -> None:
    """Check that enough identities of a part have several images, by the images of each."""
    several = sum(count > 1 for count in images)
    if several < MIN_GENUINE:
        raise SplitError(
            f"the {part} part would have {several} identities with two or more images, and needs "
            f"{MIN_GENUINE}; bring more {remedy}"
        )
