"""Labels of images or identities from a CSV: light, camera, group, for rates by condition.

The first line has the headings. The column `image` (or `path`, `file`) holds an image's name in the
data set, or else the column `identity` an identity's; every other column is one of labels. An empty
cell is no label.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.errors import FileError
from model.files import check_regular
from model.schema.conditions import MAX_GROUPS
from training.data.image_set import ImageSet
from training.errors import DataError

MAX_ROWS = 1_000_000
MAX_BYTES = 200_000_000
MAX_LABEL = 100
"""The longest label, in characters."""
_IMAGE, _IDENTITY = ("image", "path", "file"), ("identity",)
_SEPARATORS = ",;\t"
_LISTED = 5


@dataclass(frozen=True)
class ImageLabels:
    """The label of each image of a data set, in some columns.

    Attributes:
        columns: By the column's heading, each image's label by the image's name.
    """

    columns: Mapping[str, Mapping[str, str]]

    def of(self, column: str, images: ImageSet) -> list[str | None]:
        """Return the label of each image in a column, None where it has none, (images,)."""
        labels = self.columns[column]
        return [labels.get(image.name) for image in images]


def read_labels(path: Path, columns: Sequence[str], images: ImageSet) -> ImageLabels:
    """Read some columns of labels from a CSV in UTF-8, separated by comma, semicolon or tab.

    Raises:
        DataError: An unreadable file, a column that is not there, an image or identity that is not
            in the data set, two labels for one, or a column with less than two or too many labels.
    """
    try:
        check_regular(path)
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path} has more than {MAX_BYTES:,} bytes")
        with path.open(newline="", encoding="utf-8-sig") as file:
            heading = file.readline()
            separator = max(_SEPARATORS, key=heading.count)
            names = [name.strip() for name in next(csv.reader([heading], delimiter=separator), [])]
            table = _Table(path, names, columns)
            found = table.read(csv.reader(file, delimiter=separator))
    except (FileError, OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read as a CSV: {error}; save it as CSV in UTF-8"
        ) from error
    labels = {column: _by_image(path, table.key, found[column], images) for column in columns}
    for column in columns:
        _check_groups(path, column, set(labels[column].values()))
    return ImageLabels(labels)


class _Table:
    """Columns of a CSV: that of the keys, and those that are read."""

    def __init__(self, path: Path, names: list[str], columns: Sequence[str]) -> None:
        lower = [name.lower() for name in names]
        keys = [name for name in (*_IMAGE, *_IDENTITY) if name in lower]
        if not keys:
            raise DataError(
                f"{path} has neither a column image, path or file nor a column identity in its "
                f"first line, which has {_listed(names)}"
            )
        self.key = "identity" if keys[0] in _IDENTITY else "image"
        self._path, self._key_index = path, lower.index(keys[0])
        known = [name for i, name in enumerate(names) if i != self._key_index]
        if unknown := [column for column in columns if known.count(column) != 1]:
            raise DataError(
                f"{path} has not just one column {unknown[0]}; its columns of labels are "
                f"{_listed(known)}"
            )
        self._indices = {column: names.index(column) for column in columns}

    def read(self, rows: Iterator[list[str]]) -> dict[str, dict[str, str]]:
        """Return the label of each key in each column."""
        found: dict[str, dict[str, str]] = {column: {} for column in self._indices}
        for number, row in enumerate(rows, start=2):
            if number > MAX_ROWS + 1:
                raise DataError(f"{self._path} has more than {MAX_ROWS:,} rows")
            if any(cell.strip() for cell in row):
                self._take(number, row, found)
        return found

    def _take(self, number: int, row: list[str], found: dict[str, dict[str, str]]) -> None:
        where = f"{self._path}, row {number}"
        if len(row) <= max(self._key_index, *self._indices.values()):
            raise DataError(f"{where} has only {len(row)} cells")
        key = row[self._key_index].strip().replace("\\", "/").removeprefix("./")
        for column, index in self._indices.items():
            label = row[index].strip()
            if not label:
                continue
            if len(label) > MAX_LABEL or not label.isprintable():
                raise DataError(
                    f"{where}: a label of {column} has {len(label)} characters; at most "
                    f"{MAX_LABEL} printable ones can be shown"
                )
            if found[column].setdefault(key, label) != label:
                raise DataError(f"{where}: {key} has two labels of {column}")


def _by_image(path: Path, key: str, labels: Mapping[str, str], images: ImageSet) -> dict[str, str]:
    """Return the label of each image by its name; every key must be known."""
    if key == "identity":
        known = set(images.identities)
        found = {image.name: labels.get(image.identity) for image in images}
    else:
        known = {image.name for image in images}
        found = {image.name: labels.get(image.name) for image in images}
    if unknown := [name for name in labels if name not in known]:
        raise DataError(
            f"{path}: {len(unknown):,} of {len(labels):,} names are of no {key} of {images.name}: "
            f"{_listed(unknown)}; an {key} there is called {min(known)}"
        )
    return {name: label for name, label in found.items() if label is not None}


def _check_groups(path: Path, column: str, labels: set[str]) -> None:
    if not labels:
        raise DataError(f"{path}: the column {column} is empty")
    if len(labels) == 1:
        raise DataError(f"{path}: the column {column} has one label only, {_listed([*labels])}")
    if len(labels) >= MAX_GROUPS:
        raise DataError(
            f"{path}: the column {column} has {len(labels):,} different labels; at most "
            f"{MAX_GROUPS - 1} can be compared, so sort them into fewer groups"
        )


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(repr(name[:MAX_LABEL]) for name in names[:_LISTED])
    return f"{listed} and {len(names) - _LISTED:,} more" if len(names) > _LISTED else listed
