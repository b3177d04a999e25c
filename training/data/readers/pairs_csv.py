"""Pairs as a CSV, for images without known identities.

A line is `path1,path2,label`: paths from the CSV's own folder, and 0 or `same` for a genuine pair,
1 or `different` for an impostor pair (as in Chopra, Hadsell, LeCun 2005). A heading is optional.

An identity is a connected component of genuine pairs. That is enough to keep the parts of a split
apart, but not to form other pairs than those listed: two components may show the same.
"""

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scipy.cluster.hierarchy import DisjointSet

from training.data.image_set import ImageSet, LabelledImage, OfficialPair, sorted_images
from training.data.readers.folder import read_file
from training.errors import DataError

MAX_PAIRS = 2_000_000
_SAME = {"0": True, "same": True, "1": False, "different": False}
_HEADING = ["path1", "path2", "label"]


def read_pairs(path: Path) -> ImageSet:
    """Read a CSV of pairs.

    Raises:
        DataError: An unreadable file, a line that is no pair, a missing image, or pairs that
            contradict each other.
    """
    pairs = list(_pairs(path))
    names = sorted({name for left, right, _ in pairs for name in (left, right)})
    identity_of = _components(names, pairs)
    for left, right, same in pairs:
        if not same and identity_of[left] == identity_of[right]:
            raise DataError(
                f"{path}: {left} and {right} are said to be different, and other lines link them "
                "as the same; mend the one or the other"
            )
    images = (
        LabelledImage(name, identity_of[name], partial(read_file, path.parent / name))
        for name in names
    )
    return ImageSet(path.stem, sorted_images(images), listed=tuple(pairs))


def _pairs(path: Path) -> Iterator[OfficialPair]:
    seen: dict[tuple[str, str], bool] = {}
    for number, row in _rows(path):
        left, right, same = _pair(path, number, row)
        key = (min(left, right), max(left, right))
        if seen.setdefault(key, same) != same:
            raise DataError(f"{path}, line {number}: {left} and {right} are listed as both")
        yield left, right, same


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that hold a pair, with their numbers."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if number > MAX_PAIRS:
                    raise DataError(f"{path} has more than {MAX_PAIRS:,} lines")
                if row and row != _HEADING:
                    yield number, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a CSV: {error}") from error


def _pair(path: Path, number: int, row: list[str]) -> OfficialPair:
    if len(row) != len(_HEADING) or row[2].strip().lower() not in _SAME:
        raise DataError(
            f"{path}, line {number}: expected path1,path2,label with a label of 0 or same, 1 or "
            "different"
        )
    left, right = (str(Path(name.strip())) for name in row[:2])
    if left == right:
        raise DataError(f"{path}, line {number}: {left} is paired with itself")
    for name in (left, right):
        if not (path.parent / name).is_file():
            raise DataError(f"{path}, line {number}: there is no image {path.parent / name}")
    return left, right, _SAME[row[2].strip().lower()]


def _components(names: list[str], pairs: list[OfficialPair]) -> dict[str, str]:
    """Map each image to its identity: the first name in its connected component."""
    components = DisjointSet(names)
    for left, right, same in pairs:
        if same:
            components.merge(left, right)
    identity_of: dict[str, str] = {}
    for component in components.subsets():
        identity_of |= dict.fromkeys(component, min(component))
    return identity_of
