"""Opening of a data set by the layout of its path."""

from pathlib import Path

from training.data.image_set import ImageSet
from training.data.readers import idx, lfw, omniglot
from training.data.readers.folder import read_folder, read_zip
from training.data.readers.pairs_csv import read_pairs
from training.errors import DataError


def open_data(path: Path) -> ImageSet:
    """Open a folder of identities, a zip of one, a CSV of pairs, or a known data set's files.

    Raises:
        DataError: The path does not exist, cannot be read, or has no images.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist; give a folder of identities, or a zip of one")
    if path.is_file() and path.suffix.lower() == ".csv":
        return read_pairs(path)
    if path.is_file():
        return read_zip(path)
    if lfw.is_lfw(path):
        return lfw.read_lfw(path)
    if idx.image_files(path):
        return idx.read_idx(path)
    if omniglot.is_omniglot(path):
        return omniglot.read_omniglot(path)
    return read_folder(path)
