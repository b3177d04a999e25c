"""A folder, or a zip of one, with a folder for each identity (possibly one level deeper).

An image's identity is the path of its folder, without the part that all images share. This one rule
reads `s1/1.pgm` (AT&T), `lfw-deepfunneled/<Name>/<Name>_0001.jpg` (LFW) and
`images_background/<alphabet>/<character>/0001_01.png` (Omniglot).
"""

import os
import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from training.data.image_set import (
    IMAGE_SUFFIXES,
    MAX_FILE_BYTES,
    ImageSet,
    LabelledImage,
    sorted_images,
)
from training.errors import DataError

MAX_DEPTH = 6


def read_folder(root: Path) -> ImageSet:
    """Read a folder of identities.

    Raises:
        DataError: No images, or images outside the folders of identities.
    """
    paths = (
        path.relative_to(root)
        for path in root.rglob("*")
        if len(path.relative_to(root).parts) <= MAX_DEPTH and path.is_file()
    )
    files = [(PurePosixPath(path.as_posix()), partial(read_file, root / path)) for path in paths]
    return ImageSet(root.resolve().name, sorted_images(_label_by_folder(files)))


def read_zip(path: Path) -> ImageSet:
    """Read a zip of a folder of identities, without unpacking it.

    Raises:
        DataError: Not a zip, no images, or images outside the folders of identities.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path} cannot be read as a zip: {error}") from error
    files = [
        (PurePosixPath(entry.filename.lstrip("/")), partial(_read_entry, archive, entry))
        for entry in archive.infolist()
        if not entry.is_dir()
    ]
    return ImageSet(path.stem, sorted_images(_label_by_folder(files)))


def _label_by_folder(
    files: Iterable[tuple[PurePosixPath, Callable[[], bytes]]],
) -> list[LabelledImage]:
    """Label each image file with the identity of its folder, without the part that all share."""
    images = [(path, read) for path, read in files if _is_image(path)]
    if not images:
        return []
    folders = {path.parent.as_posix() for path, _ in images}
    shared = PurePosixPath(os.path.commonpath(list(folders)))
    if len(folders) == 1:
        raise DataError(
            f"all {len(images)} images lie in one folder, {shared}, so there is one identity; put "
            "each identity's images into a folder of its own"
        )
    if loose := [path for path, _ in images if path.parent == shared]:
        raise DataError(
            f"{len(loose)} images, such as {loose[0]}, lie in no identity's folder; "
            "put each identity's images into a folder of its own"
        )
    return [
        LabelledImage(path.as_posix(), path.parent.relative_to(shared).as_posix(), read)
        for path, read in images
    ]


def _is_image(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in IMAGE_SUFFIXES and not hidden


def read_file(path: Path) -> bytes:
    """Read an image file.

    Raises:
        DataError: The file is too large.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(f"{path} has more than {MAX_FILE_BYTES:,} bytes")
    return path.read_bytes()


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > MAX_FILE_BYTES:
        raise DataError(f"{entry.filename} has more than {MAX_FILE_BYTES:,} bytes")
    try:
        return archive.read(entry)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        # RuntimeError: encrypted, or an unknown compression.
        raise DataError(f"{entry.filename} cannot be read from its zip: {error}") from error
