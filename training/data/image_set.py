"""Image sets: identities, each with some images, read as bytes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.bundle import identity_digest
from training.errors import DataError
from training.metrics.pairs import MAX_IMAGES

_ENDINGS = "jpg jpeg jpe png webp bmp gif tif tiff pgm ppm pbm pnm heic heif hif"
IMAGE_SUFFIXES = frozenset(f".{ending}" for ending in _ENDINGS.split())
MAX_FILE_BYTES = 100_000_000
_UNREADABLE = "unreadable"
_LISTED = 5
"""Maximum endings and names in a sentence."""

OfficialPair = tuple[str, str, bool]
"""Two image names, and True for a genuine pair."""


@dataclass(frozen=True)
class LabelledImage:
    """An image: its name within the data set, its identity, and a function that reads its bytes."""

    name: str
    identity: str
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Remarks:
    """Remarks on a data set: files that were left out, names that were merged.

    Attributes:
        left_out: Files that are no images, by their ending.
        skipped: Links, folders and files that are not read, by the reason.
        merged: Identities with images in several folders.
        merged_by: Names of folders that are parts of a split, and so of no identity's name.
        repeated: Links to a file that its identity already has.
        vanished: Folders without an image, which would be identities.
        nested: An identity that is a folder in a folder, where there are any.
        doubts: Why several identities may be one; such data is refused.
    """

    left_out: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    merged: int = 0
    merged_by: tuple[str, ...] = ()
    repeated: int = 0
    vanished: tuple[str, ...] = ()
    nested: str = ""
    doubts: str = ""

    def __add__(self, other: Remarks) -> Remarks:
        """Join the remarks on two parts of a data set."""
        return Remarks(
            left_out=Counter(self.left_out) + Counter(other.left_out),
            skipped=Counter(self.skipped) + Counter(other.skipped),
            merged=self.merged + other.merged,
            merged_by=self.merged_by + other.merged_by,
            repeated=self.repeated + other.repeated,
            vanished=self.vanished + other.vanished,
            nested=self.nested or other.nested,
            doubts=self.doubts or other.doubts,
        )

    def sentences(self) -> tuple[str, ...]:
        """Say what was left out or merged, in one sentence each; doubts aside."""
        found = []
        if self.left_out:
            endings = (f"{n:,} {ending or 'without ending'}" for ending, n in self.left_out.items())
            listed = ", ".join(list(endings)[:_LISTED])
            found.append(f"{sum(self.left_out.values()):,} files are no images: {listed}")
        if self.vanished:
            listed = ", ".join(self.vanished[:_LISTED])
            found.append(f"{len(self.vanished):,} folders have no image, such as {listed}")
        found += [f"not read: {count:,} {reason}" for reason, count in self.skipped.items()]
        if self.merged_by:
            names = ", ".join(self.merged_by[:_LISTED])
            found.append(f"folders named {names} are parts of a split, and of no identity's name")
        if self.merged:
            found.append(f"{self.merged:,} identities have images in several folders: merged")
        if self.repeated:
            found.append(f"{self.repeated:,} links to a file of the same identity count once")
        if self.nested:
            found.append(
                f"identities are folders inside folders, such as {self.nested}; if the outer ones "
                "are the identities, state it in a file identity.txt beside them that holds 1"
            )
        return tuple(found)


@dataclass(frozen=True)
class ImageSet:
    """Images of identities, sorted by name, and the data set's own protocols, if any."""

    name: str
    images: tuple[LabelledImage, ...]
    test_identities: frozenset[str] = frozenset()
    official_pairs: Mapping[str, tuple[OfficialPair, ...]] = field(default_factory=dict)
    """Verification protocols, by name."""
    listed: tuple[OfficialPair, ...] | None = None
    """The labelled pairs of a data set whose identities are not known; None otherwise."""
    test_images: frozenset[str] = frozenset()
    """Names of the test images of a closed-set protocol."""
    pair_folds: tuple[tuple[OfficialPair, ...], ...] = ()
    """Folds of a cross-validation, each a list of pairs."""
    remarks: Remarks = Remarks()
    """Files that were left out, and names that were merged."""

    def __post_init__(self) -> None:
        if not self.images:
            raise DataError(
                "; ".join([f"{self.name} holds no images", *self.remarks.sentences()])
                + "; expected one folder for each identity, with JPEG, PNG, WebP, BMP, GIF, TIFF, "
                "PGM or PPM files"
            )

    @property
    def identities(self) -> tuple[str, ...]:
        """Names of all identities, sorted."""
        return tuple(sorted({image.identity for image in self.images}))

    def of(self, identities: Iterable[str], limit: int | None = None) -> ImageSet:
        """Select the images of some identities, at most the first `limit` of each.

        Raises:
            DataError: None of them has an image here.
        """
        wanted = set(identities)
        chosen: list[LabelledImage] = []
        taken = Counter[str]()
        for image in self.images:
            if image.identity in wanted and (limit is None or taken[image.identity] < limit):
                chosen.append(image)
                taken[image.identity] += 1
        return replace(self, images=tuple(chosen))

    def only(self, names: Iterable[str]) -> ImageSet:
        """Select images by name.

        Raises:
            DataError: None of them is here.
        """
        wanted = set(names)
        return replace(self, images=tuple(image for image in self if image.name in wanted))

    def identities_in(self, pairs: Iterable[OfficialPair]) -> frozenset[str]:
        """Identities of the images in some pairs.

        Raises:
            DataError: An image of the pairs is not here.
        """
        owner = {image.name: image.identity for image in self.images}
        names = {name for left, right, _ in pairs for name in (left, right)}
        if lost := names - owner.keys():
            raise DataError(f"{self.name}: {len(lost)} images of its pairs are not here")
        return frozenset(owner[name] for name in names)

    def bounded(self, per_identity: int) -> ImageSet:
        """Limit the images of each identity and in all; identities go in order of their digests."""
        few = self.of(self.identities, per_identity)
        if len(few) <= MAX_IMAGES:
            return few
        share = int(len(few.identities) * MAX_IMAGES / len(few) * 0.95)
        return few.of(sorted(few.identities, key=identity_digest)[: max(2, share)])

    def counts(self) -> Counter[str]:
        """Number of images of each identity."""
        return Counter(image.identity for image in self.images)

    def labels(self) -> NDArray[np.int64]:
        """Index into `identities` of each image, shape (images,)."""
        index = {identity: i for i, identity in enumerate(self.identities)}
        return np.array([index[image.identity] for image in self.images], dtype=np.int64)

    def listed_rows(self) -> NDArray[np.int64] | None:
        """Rows of the listed pairs whose images are both here, (pairs, 2)."""
        if self.listed is None:
            return None
        row = {image.name: i for i, image in enumerate(self.images)}
        rows = [(row[a], row[b]) for a, b, _ in self.listed if a in row and b in row]
        return np.array(rows, dtype=np.int64).reshape(-1, 2)

    @cached_property
    def contents(self) -> tuple[str, ...]:
        """SHA-256 of each image's bytes, in hexadecimal; "unreadable" for one that is left out."""
        return tuple(map(_content, self.images))

    def shared_contents(self) -> int:
        """Count the files whose bytes are under several identities."""
        owners: dict[str, set[str]] = {}
        for image, content in zip(self.images, self.contents, strict=True):
            if content != _UNREADABLE:
                owners.setdefault(content, set()).add(image.identity)
        return sum(len(identities) > 1 for identities in owners.values())

    def fingerprint(self) -> str:
        """SHA-256 of every image's name, identity and bytes, and of the listed pairs."""
        digest = hashlib.sha256()
        for image, content in zip(self.images, self.contents, strict=True):
            digest.update(f"{image.name}\0{image.identity}\0{content}\n".encode())
        for left, right, same in self.listed or ():
            digest.update(f"{left}\0{right}\0{same}\n".encode())
        return digest.hexdigest()

    def __iter__(self) -> Iterator[LabelledImage]:
        return iter(self.images)

    def __len__(self) -> int:
        return len(self.images)


def _content(image: LabelledImage) -> str:
    try:
        return hashlib.sha256(image.read()).hexdigest()
    except (DataError, OSError):
        return _UNREADABLE


def sorted_images(images: Iterable[LabelledImage]) -> tuple[LabelledImage, ...]:
    """Sort images by name, so that a data set has the same order on every machine."""
    return tuple(sorted(images, key=lambda image: image.name))
