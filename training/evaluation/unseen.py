"""Decision on what a run or a bundle has not seen of a data set."""

from __future__ import annotations

from dataclasses import dataclass

from model.bundle import Bundle, Split, identity_digest
from model.manifest import SplitBy
from training.data.image_set import ImageSet
from training.data.split import SPLITS, DataSplit
from training.errors import DataError


@dataclass(frozen=True)
class Origin:
    """Data that a run or a bundle was made from.

    Attributes:
        name: The run's or the bundle's.
        parts: Digests of the names in each part; None where a bundle does not state them.
        by: Whether these are names of identities or of images.
        trained_on: Fingerprint of the data set that it was trained on.
        calibrated_on: Fingerprint of the data set that its thresholds were chosen on: another one
            where the bundle was calibrated again.
    """

    name: str
    parts: Split | None
    by: SplitBy
    trained_on: str
    calibrated_on: str

    @classmethod
    def of(cls, bundle: Bundle) -> Origin:
        """Origin of a bundle; see `opening.origin_of` for a run."""
        manifest = bundle.manifest
        data, again = manifest.origin.data_sha256, manifest.origin.calibrated_on
        calibrated_on = data if again is None else again.data_sha256
        return cls(manifest.name, bundle.split, manifest.split_by, data, calibrated_on)


def split_unseen(
    origin: Origin, images: ImageSet, fingerprint: str, *, include_known_names: bool = False
) -> DataSplit:
    """Divide a data set by what a system has seen of it; the test part is what it has not seen.

    Of the data that the system was calibrated on, that is its own test part. Of other data, it is
    every identity (of a closed set: image) but those with the name of one that the system was
    trained or calibrated on. With `include_known_names`, equal names in other data are chance, and
    do not count as seen; it is ignored for data that the system was made from.

    Raises:
        DataError: Nothing is unseen.
    """
    by_identity = origin.by is SplitBy.IDENTITY
    names = images.identities if by_identity else tuple(image.name for image in images)
    own = {origin.trained_on, origin.calibrated_on}
    if origin.parts is None or (include_known_names and fingerprint not in own):
        return SPLITS[origin.by]((), (), names)
    digests = {name: identity_digest(name) for name in names}
    train, calibration, test = (
        tuple(name for name, digest in digests.items() if digest in part)
        for part in (origin.parts.train, origin.parts.calibration, origin.parts.test)
    )
    if fingerprint != origin.calibrated_on:
        seen = {*train, *calibration}
        test = tuple(name for name in names if name not in seen)
    if not test:
        raise DataError(
            f"{images.name}: {origin.name} has seen every name here; bring other data or, where "
            "names are alike by chance, evaluate or calibrate with --include-known-names"
        )
    return SPLITS[origin.by](train, calibration, test)
