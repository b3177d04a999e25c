"""A folder, or a zip of one, with a folder for each identity (possibly one level deeper).

This one reader reads `s1/1.pgm` (AT&T), `lfw-deepfunneled/<Name>/<Name>_0001.jpg` (LFW) and
`images_background/<alphabet>/<character>/0001_01.png` (Omniglot). The names of identities follow
from the folders by `training.data.readers.identities`.
"""

import errno
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from model.errors import FileError
from model.files import check_regular
from model.files import read_file as read_regular
from training.data.image_set import MAX_FILE_BYTES, ImageSet, LabelledImage, Remarks, sorted_images
from training.data.readers import identities
from training.data.readers.listing import MAX_ENTRIES, FoundFile, Listing, count_endings
from training.data.readers.litter import lies_in_litter
from training.data.readers.walk import walk
from training.errors import DataError

_PIECE = 4096
"""Compressed bytes that are unpacked at once: bounds the memory, whatever the header promises."""
_ENCRYPTED = 1
_ROOT = re.compile(r"^([A-Za-z]:)?/*")
_ZIP_ERRORS = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
"""RuntimeError: a patched file, or another feature that is not read."""


def read_folder(root: Path) -> ImageSet:
    """Read a folder of identities.

    Raises:
        DataError: No images, or images outside the folders of identities.
    """
    return _image_set(root.resolve().name, walk(root, read_file))


def read_zip(path: Path) -> ImageSet:
    """Read a zip of a folder of identities, without unpacking it.

    Raises:
        DataError: Not a zip, no images, or images outside the folders of identities.
    """
    try:
        check_regular(path)
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, FileError, OSError, NotImplementedError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read as a zip: {error}; of archives only a zip is read: unpack "
            "others, and give the folder"
        ) from error
    return _image_set(path.stem, _list_zip(path, archive))


def _list_zip(path: Path, archive: zipfile.ZipFile) -> Listing:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise DataError(f"{path} has more than {MAX_ENTRIES:,} entries")
    listing, files = Listing(), dict[PurePosixPath, FoundFile]()
    for entry in entries:
        _check_packing(path, entry)
        within = _path_of(path, entry)
        if not within.parts or lies_in_litter(within):
            continue
        if entry.filename.endswith(("/", "\\")):
            listing.folders.add(within)
        elif stat.S_ISLNK(entry.external_attr >> 16):
            listing.skipped["links inside the zip"] += 1
        else:
            listing.folders.update(list(within.parents)[:-1])
            listing.skipped["entries of the zip under the name of another"] += within in files
            read = partial(_read_entry, archive, entry)
            files[within] = FoundFile(within, read, partial(_open_entry, archive, entry))
    listing.files, listing.skipped = list(files.values()), +listing.skipped
    return listing


def _check_packing(path: Path, entry: zipfile.ZipInfo) -> None:
    """Check that an entry can be unpacked in pieces of bounded size."""
    if entry.flag_bits & _ENCRYPTED:
        raise DataError(f"{path} is encrypted; make a zip without a password")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise DataError(
            f"{path} is packed by method {entry.compress_type}, and only zips packed by the usual "
            "one, deflate, are read; make the zip again"
        )


def _path_of(path: Path, entry: zipfile.ZipInfo) -> PurePosixPath:
    """Return an entry's path; Windows PowerShell 5 separates folders by backslashes."""
    within = PurePosixPath(_ROOT.sub("", entry.filename.replace("\\", "/")))
    if ".." in within.parts:
        raise DataError(f"{path} has a file outside of its own folders, {entry.filename}")
    return within


def _image_set(name: str, listing: Listing) -> ImageSet:
    images, others = listing.divide()
    rules = [file for file in others if file.path.name == identities.RULE_FILE]
    remarks = Remarks(
        left_out=count_endings(file for file in others if file not in rules),
        skipped=dict(listing.skipped),
    )
    if not images:
        return ImageSet(name, (), remarks=remarks)
    folders = {file.path.parent for file in images}
    naming = identities.naming_of(folders, rules)
    _check_folders(images, folders, naming.shared)
    return _named(name, listing, images, naming, remarks)


def _named(
    name: str,
    listing: Listing,
    images: Sequence[FoundFile],
    naming: identities.Naming,
    remarks: Remarks,
) -> ImageSet:
    """Make an image set of files, by the identities of their folders."""
    folders = sorted({file.path.parent for file in images})
    identity_of = {folder: naming.identity(folder) for folder in folders}
    labelled, repeated = _label(images, identity_of)
    folder_of = {identity: folder for folder, identity in reversed(identity_of.items())}
    several = sum(count > 1 for count in Counter(identity_of.values()).values())
    return ImageSet(
        name,
        sorted_images(labelled),
        remarks=replace(
            remarks,
            merged=several,
            merged_by=tuple(sorted(part.partition("/")[2] for part in naming.parts)),
            repeated=repeated,
            vanished=_vanished(listing.folders, folders, naming.shared),
            nested="" if naming.stated else min((n for n in folder_of if "/" in n), default=""),
            doubts="" if naming.stated else identities.doubts(folder_of),
        ),
    )


def _label(
    images: Iterable[FoundFile], identity_of: dict[PurePosixPath, str]
) -> tuple[list[LabelledImage], int]:
    """Label files; one that an identity has under several names, by a link, counts once."""
    seen, labelled, repeated = set(), list[LabelledImage](), 0
    for file in sorted(images, key=lambda file: file.path):
        identity = identity_of[file.path.parent]
        if file.content is not None and (identity, file.content) in seen:
            repeated += 1
            continue
        seen.add((identity, file.content))
        labelled.append(LabelledImage(file.path.as_posix(), identity, file.read))
    return labelled, repeated


def _check_folders(
    images: Sequence[FoundFile], folders: set[PurePosixPath], shared: PurePosixPath
) -> None:
    if len(folders) == 1:
        raise DataError(
            f"all {len(images)} images lie in one folder, {shared}, so there is one identity; put "
            "each identity's images into a folder of its own"
        )
    if loose := [file.path for file in images if file.path.parent == shared]:
        raise DataError(
            f"{len(loose)} images, such as {loose[0]}, lie in no identity's folder; "
            "put each identity's images into a folder of its own"
        )


def _vanished(
    found: set[PurePosixPath], used: Iterable[PurePosixPath], shared: PurePosixPath
) -> tuple[str, ...]:
    """Return the outermost folders that have no image below them, as identities have."""
    holding = {folder for path in used for folder in (path, *path.parents)}
    return tuple(
        sorted(
            folder.relative_to(shared).as_posix()
            for folder in found - holding
            if folder.parent in holding and folder.is_relative_to(shared)
        )
    )


def read_file(path: Path) -> bytes:
    """Read an image file.

    Raises:
        DataError: The file is too large, cannot be read, or is not a regular file.
    """
    try:
        return read_regular(path, MAX_FILE_BYTES)
    except FileError as error:
        raise DataError(str(error)) from error


def _open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    """Open a file of a zip for a look at its header.

    Raises:
        OSError: The file is too large for an image.
    """
    if entry.file_size > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, "too large for an image", entry.filename)
    return archive.open(entry)


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > MAX_FILE_BYTES:
        raise DataError(f"{entry.filename} has more than {MAX_FILE_BYTES:,} bytes")
    try:
        with archive.open(entry) as file:
            # Of one piece: zipfile unpacks a whole file first and then cuts it to its stated size.
            return b"".join(iter(partial(file.read, _PIECE), b""))
    except _ZIP_ERRORS as error:
        raise DataError(f"{entry.filename} cannot be read from its zip: {error}") from error
