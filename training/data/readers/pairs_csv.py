"""Pairs as a CSV, for images without known identities.

A line is `path1,path2,label`: paths from the CSV's own folder, and 0 or `same` for a genuine pair,
1 or `different` for an impostor pair (as in Chopra, Hadsell, LeCun 2005). A heading is optional;
`training.data.readers.pairs_table` reads it.

An identity is a connected component of genuine pairs. That is enough to keep the parts of a split
apart, but not to form other pairs than those listed: two components may show the same.
"""

from pathlib import Path

from scipy.cluster.hierarchy import DisjointSet

from training.data.image_set import ImageSet, OfficialPair, Remarks, sorted_images
from training.data.readers.listed_files import ListedFiles
from training.data.readers.pairs_table import Row, read_rows
from training.errors import DataError


def read_pairs(path: Path) -> ImageSet:
    """Read a CSV of pairs; a pair that is listed again counts once.

    Raises:
        DataError: An unreadable file, a line that is no pair, a missing image, or pairs that
            contradict each other.
    """
    files = ListedFiles(path.parent)
    pairs, repeated = _pairs(path, files)
    names = sorted({name for left, right, _ in pairs for name in (left, right)})
    identity_of = _components(names, pairs)
    for left, right, same in pairs:
        if not same and identity_of[left] == identity_of[right]:
            raise DataError(
                f"{path}: {left} and {right} are said to be different, and other lines link them "
                "as the same; mend the one or the other"
            )
    images = (files.image(name, identity_of[name]) for name in names)
    skipped = {"lines that list a pair again": repeated} if repeated else {}
    return ImageSet(
        path.stem, sorted_images(images), listed=tuple(pairs), remarks=Remarks(skipped=skipped)
    )


def _pairs(path: Path, files: ListedFiles) -> tuple[list[OfficialPair], int]:
    """Return the pairs, each once, and how many lines list one again."""
    seen: dict[tuple[str, str], bool] = {}
    pairs, repeated = list[OfficialPair](), 0
    for row in read_rows(path):
        left, right = _names(path, row, files)
        key = (min(left, right), max(left, right))
        if key not in seen:
            seen[key] = row.same
            pairs.append((left, right, row.same))
            continue
        if seen[key] != row.same:
            raise DataError(f"{path}, line {row.line}: {left} and {right} are listed as both")
        repeated += 1
    return pairs, repeated


def _names(path: Path, row: Row, files: ListedFiles) -> tuple[str, str]:
    try:
        left, right = files.name(row.left), files.name(row.right)
    except DataError as error:
        raise DataError(f"{path}, line {row.line}: {error}") from error
    if left == right:
        raise DataError(f"{path}, line {row.line}: {left} is paired with itself")
    return left, right


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
