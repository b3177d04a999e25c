"""Opening of a data set by the layout of its path."""

import logging
import zipfile
from pathlib import Path

from training.data.image_set import ImageSet
from training.data.readers import idx, lfw, omniglot
from training.data.readers.folder import read_folder, read_zip
from training.data.readers.identities import remedy
from training.data.readers.pairs_csv import read_pairs
from training.errors import DataError

_LISTS = {".csv", ".tsv", ".txt"}
_log = logging.getLogger(__name__)


def open_data(path: Path) -> ImageSet:
    """Open a data set, as `read_data`, and log what was left out of it or merged.

    Raises:
        DataError: See `read_data`.
    """
    images = read_data(path)
    for sentence in images.remarks.sentences():
        _log.warning("%s: %s", images.name, sentence)
    return images


def read_data(path: Path) -> ImageSet:
    """Read a folder of identities, a zip of one, a CSV of pairs, or a known data set's files.

    Raises:
        DataError: The path does not exist, cannot be read, has no images, or has names of which it
            is not clear whether they are one identity.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist; give a folder of identities, or a zip of one")
    if not (path.is_file() or path.is_dir()):
        raise DataError(f"{path} is neither a folder nor a regular file; give one of them")
    images = _read_file(path) if path.is_file() else _read_folder(path)
    if images.remarks.doubts:
        raise DataError(f"{path}: {images.remarks.doubts}; {remedy()}")
    return images


def _read_file(path: Path) -> ImageSet:
    if path.suffix.lower() in _LISTS and not zipfile.is_zipfile(path):
        return read_pairs(path)
    return read_zip(path)


def _read_folder(path: Path) -> ImageSet:
    if lfw.is_lfw(path):
        return lfw.read_lfw(path)
    if idx.image_files(path):
        return idx.read_idx(path)
    if omniglot.is_omniglot(path):
        return omniglot.read_omniglot(path)
    return read_folder(path)
