"""Samples that a bundle is tried on: foreign data sets, and its own test images corrupted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from model.bundle import Bundle, identity_digest
from training.data.demo import draw_folder
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.errors import DataError
from training.evaluation.accuracy import measured_per_identity
from training.evaluation.unseen import Origin, split_unseen
from training.trust.corruptions import CORRUPTIONS, WITHOUT_IDENTITY, corrupted

DATA_SETS = {
    "LFW": "lfw",
    "AT&T": "att_faces.zip",
    "Omniglot": "omniglot",
    "MNIST": "mnist",
}
"""Paths of the data sets in the folder of data, by the name that the page gives them."""
DRAWN = "drawn figures"
_DRAWN_IDENTITIES, _DRAWN_IMAGES = 100, 10


@dataclass(frozen=True)
class Source:
    """A data set, opened once for all bundles."""

    name: str
    images: ImageSet
    fingerprint: str


@dataclass(frozen=True)
class Sample:
    """Images that a bundle has not seen.

    Attributes:
        data: The data set's name.
        is_own: Whether it is the data set that the bundle was calibrated on.
        corruption: Name of the corruption, empty where there is none.
        shows_identity: Whether an image shows its identity, so that pairs can be genuine.
    """

    data: str
    is_own: bool
    corruption: str
    images: ImageSet
    shows_identity: bool

    @property
    def name(self) -> str:
        """Its data set and corruption, as the page names it."""
        return f"{self.data}, {self.corruption}" if self.corruption else self.data


def open_sources(data: Path, scratch: Path, seed: int) -> tuple[Source, ...]:
    """Open the data sets of a folder, and draw one into the folder `scratch`.

    Raises:
        DataError: The folder has none of `DATA_SETS`, or one that cannot be read.
    """
    paths = {name: data / path for name, path in DATA_SETS.items() if (data / path).exists()}
    if not paths:
        raise DataError(f"{data} has none of {', '.join(DATA_SETS.values())}")
    drawn = scratch / "drawn"
    draw_folder(drawn, _DRAWN_IDENTITIES, _DRAWN_IMAGES, seed)
    opened = {name: open_data(path) for name, path in (paths | {DRAWN: drawn}).items()}
    return tuple(Source(name, images, images.fingerprint()) for name, images in opened.items())


def samples_of(
    bundle: Bundle, sources: tuple[Source, ...], max_images: int, seed: int
) -> Iterator[Sample]:
    """Yield the samples of a bundle: each data set, then its own one under each corruption.

    Raises:
        DataError: None of the data sets is the one that the bundle was calibrated on.
    """
    origin = Origin.of(bundle)
    own = None
    for source in sources:
        is_own = source.fingerprint == origin.calibrated_on
        images = _unseen(origin, source)
        limit = measured_per_identity(bundle.manifest)
        if not is_own:  # Few classes with many images are a sample too.
            limit = max(limit, max_images // len(images.identities))
        images = _bounded(images.of(images.identities, limit), max_images)
        yield Sample(source.name, is_own, "", images, shows_identity=True)
        if is_own:
            own = Sample(source.name, is_own, "", images, shows_identity=True)
    if own is None:
        raise DataError(f"no data set here is the one that {bundle.folder} was calibrated on")
    for name in CORRUPTIONS:
        yield replace(
            own,
            corruption=name,
            images=corrupted(own.images, name, seed),
            shows_identity=name not in WITHOUT_IDENTITY,
        )


def _unseen(origin: Origin, source: Source) -> ImageSet:
    """Take what a bundle has not seen; of another's data set, its official test part."""
    images = source.images
    unseen = split_unseen(origin, images, source.fingerprint).take(images, "test")
    if source.fingerprint == origin.calibrated_on:
        return unseen
    if images.test_images:
        return unseen.only(images.test_images)
    return unseen.of(images.test_identities) if images.test_identities else unseen


def _bounded(images: ImageSet, max_images: int) -> ImageSet:
    """Take whole identities, in order of their digests."""
    counts, chosen, total = images.counts(), [], 0
    for identity in sorted(images.identities, key=identity_digest):
        if total + counts[identity] > max_images:
            break
        chosen.append(identity)
        total += counts[identity]
    return images.of(chosen)
