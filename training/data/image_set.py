"""A data set as training sees it: identities, each with some images, read as bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from training.errors import DataError

_ENDINGS = "jpg jpeg jpe png webp bmp gif tif tiff pgm ppm pbm pnm"
IMAGE_SUFFIXES = frozenset(f".{ending}" for ending in _ENDINGS.split())
MAX_FILE_BYTES = 100_000_000

OfficialPair = tuple[str, str, bool]
"""Two image names and whether they show the same identity."""


@dataclass(frozen=True)
class LabelledImage:
    """One image: its name within the data set, whose it is, and how to get its bytes."""

    name: str
    identity: str
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class ImageSet:
    """Images of identities, in the order of their names.

    Attributes:
        name: What the data set is called in reports.
        images: All images, sorted by name.
        test_identities: Those that the data set's own protocol keeps for testing; often empty.
        test_images: Names of those that its own closed-set protocol keeps; often empty.
        official_pairs: Verification protocols that come with the data, by name.
        pair_folds: The folds of its own cross-validation, each a list of pairs; often empty.
        listed: Where identities are not known, the only pairs of which it is known whether they are
            genuine; None where identities are known.
    """

    name: str
    images: tuple[LabelledImage, ...]
    test_identities: frozenset[str] = frozenset()
    official_pairs: Mapping[str, tuple[OfficialPair, ...]] = field(default_factory=dict)
    listed: tuple[OfficialPair, ...] | None = None
    test_images: frozenset[str] = frozenset()
    pair_folds: tuple[tuple[OfficialPair, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.images:
            raise DataError(
                f"{self.name} holds no images; expected one folder for each identity, with "
                f"files ending in one of {' '.join(sorted(IMAGE_SUFFIXES))}"
            )

    @property
    def identities(self) -> tuple[str, ...]:
        """The names of all identities, sorted."""
        return tuple(sorted({image.identity for image in self.images}))

    def of(self, identities: Iterable[str], limit: int | None = None) -> ImageSet:
        """The images of some identities only, at most the first `limit` of each.

        Raises:
            DataError: None of them has an image here.
        """
        wanted = set(identities)
        chosen: list[LabelledImage] = []
        taken: dict[str, int] = {}
        for image in self.images:
            count = taken.get(image.identity, 0)
            if image.identity in wanted and (limit is None or count < limit):
                chosen.append(image)
                taken[image.identity] = count + 1
        return replace(self, images=tuple(chosen))

    def only(self, names: Iterable[str]) -> ImageSet:
        """The images of some names only.

        Raises:
            DataError: None of them is here.
        """
        wanted = set(names)
        return replace(self, images=tuple(image for image in self if image.name in wanted))

    def identities_in(self, pairs: Iterable[OfficialPair]) -> frozenset[str]:
        """Whom some pairs of images show.

        Raises:
            DataError: An image of the pairs is not here.
        """
        owner = {image.name: image.identity for image in self.images}
        names = {name for left, right, _ in pairs for name in (left, right)}
        if lost := names - owner.keys():
            raise DataError(f"{self.name}: {len(lost)} images of its pairs are not here")
        return frozenset(owner[name] for name in names)

    def labels(self) -> NDArray[np.int64]:
        """Each image's identity as an index into `identities`; shape (images,)."""
        index = {identity: i for i, identity in enumerate(self.identities)}
        return np.array([index[image.identity] for image in self.images], dtype=np.int64)

    def listed_rows(self) -> NDArray[np.int64] | None:
        """The listed pairs of which both images are here, as their rows: (pairs, 2)."""
        if self.listed is None:
            return None
        row = {image.name: i for i, image in enumerate(self.images)}
        rows = [(row[a], row[b]) for a, b, _ in self.listed if a in row and b in row]
        return np.array(rows, dtype=np.int64).reshape(-1, 2)

    def fingerprint(self) -> str:
        """SHA-256 over every image's name, identity and bytes, and the listed pairs."""
        digest = hashlib.sha256()
        for image in self.images:
            content = hashlib.sha256(image.read()).hexdigest()
            digest.update(f"{image.name}\0{image.identity}\0{content}\n".encode())
        for left, right, same in self.listed or ():
            digest.update(f"{left}\0{right}\0{same}\n".encode())
        return digest.hexdigest()

    def __iter__(self) -> Iterator[LabelledImage]:
        return iter(self.images)

    def __len__(self) -> int:
        return len(self.images)


def sorted_images(images: Iterable[LabelledImage]) -> tuple[LabelledImage, ...]:
    """In the order of their names, so that a data set reads the same on every machine."""
    return tuple(sorted(images, key=lambda image: image.name))
