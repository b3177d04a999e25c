"""Enrolment of a folder of images, or of a file of embeddings."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from likewise_client.client import Likewise
from likewise_client.domain import Domain
from likewise_client.errors import (
    ImageRefused,
    LikewiseClientError,
    ServiceProblem,
    UnusableImage,
)
from likewise_client.galleries.answers import Enrolment
from likewise_client.location import Pick
from likewise_client.shell import parquet
from likewise_client.shell.progress import Progress

_IMAGES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm", ".heic")
)
_SKIPPED = (ImageRefused, UnusableImage)


@dataclass(frozen=True)
class Folder:
    """Images of identities.

    Attributes:
        identities: Images of each identity by its name, in the order of their names.
        passed_over: Number of images beyond those that are taken of an identity.
        face: Which thing is enrolled where several are located in an image; None refuses these.
    """

    identities: Mapping[str, tuple[Path, ...]]
    passed_over: int = 0
    face: Pick | None = None

    @property
    def names(self) -> Sequence[str]:
        """Names of the identities."""
        return tuple(self.identities)

    def enrol(self, service: Likewise, gallery: str, name: str) -> Enrolment:
        """Enrol an identity by its images."""
        return service.enrol(gallery, name, list(self.identities[name]), face=self.face)

    @classmethod
    def of(cls, path: Path, images: int, face: Pick | None = None) -> Self:
        """Read a folder that has a folder of images for each identity, or an image for each.

        Args:
            path: The folder.
            images: Largest number of images of an identity; the first by name are taken.
            face: As in `Likewise.enrol`.

        Raises:
            LikewiseClientError: It is no folder that can be read, or has no images.
        """
        try:
            folders = sorted(each for each in path.iterdir() if each.is_dir())
            found = {each.name: _images_in(each) for each in folders}
            if not any(found.values()):
                found = {each.stem: (each,) for each in _images_in(path)}
        except OSError as error:
            raise LikewiseClientError(f"{path}: {error.strerror or error}") from error
        known = {name: files[:images] for name, files in found.items() if files}
        if not known:
            raise LikewiseClientError(
                f"{path} has no images: it takes a folder for each identity with its images in it, "
                "or one image for each"
            )
        return cls(known, sum(max(0, len(files) - images) for files in found.values()), face)


class Source(Protocol):
    """Identities to be enrolled."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the identities."""

    @property
    def passed_over(self) -> int:
        """Number of images beyond those that are taken of an identity."""

    def enrol(self, service: Likewise, gallery: str, name: str) -> Enrolment:
        """Enrol an identity."""


def open_source(path: Path, images: int, names: str | None, face: Pick | None = None) -> Source:
    """Open a folder of images, or a file of embeddings.

    Args:
        path: The folder or the file.
        images: Largest number of images of an identity.
        names: For a file, the way to name an identity; a key of `parquet.NAMES`.
        face: For a folder, as in `Likewise.enrol`.

    Raises:
        LikewiseClientError: It cannot be used.
    """
    if path.suffix.lower() in parquet.ENDINGS and not path.is_dir():
        if face is not None:
            raise LikewiseClientError("--face is for a folder of images")
        return parquet.Embeddings.of(path, images, parquet.NAMES[names or "folder"])
    if names is not None:
        raise LikewiseClientError("--names is for a file of embeddings")
    return Folder.of(path, images, face)


def _images_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(each for each in folder.iterdir() if each.suffix.lower() in _IMAGES))


@dataclass(frozen=True)
class Enrolled:
    """Result of the enrolment of a source.

    Attributes:
        failed: The reason for each identity whose images or name cannot be used.
        outside: Domain check of each identity that is enrolled with an image out of the domain.
    """

    failed: Mapping[str, str]
    outside: Mapping[str, Domain]


def enrol_all(
    service: Likewise, gallery: str, source: Source, parallel: int, progress: Progress
) -> Enrolled:
    """Enrol all identities of a source, some at a time.

    Raises:
        LikewiseClientError: The service cannot be reached, or refuses for another reason; those
            that were enrolled stay.
    """
    failed: dict[str, str] = {}
    outside: dict[str, Domain] = {}
    lock = threading.Lock()

    def enrol(name: str) -> None:
        try:
            domain = source.enrol(service, gallery, name).domain
            if domain.status == "out":
                with lock:
                    outside[name] = domain
        except LikewiseClientError as error:
            is_name = isinstance(error, ServiceProblem) and error.slug == "bad-parameter"
            if not is_name and not isinstance(error, _SKIPPED):
                raise
            with lock:
                failed[name] = str(error)
        with lock:
            progress.advance()

    with ThreadPoolExecutor(parallel) as pool:
        tasks = [pool.submit(enrol, name) for name in source.names]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Enrolled(dict(sorted(failed.items())), dict(sorted(outside.items())))
