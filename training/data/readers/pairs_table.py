"""Tables of pairs as spreadsheets and scripts write them: separators, headings and labels."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from model.errors import FileError
from model.files import check_regular
from training.errors import DataError

MAX_PAIRS = 2_000_000
_SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 20
"""Lines that the separator is found by."""
_COLUMNS = 3

_SIDES = [
    frozenset(
        f"{what}{gap}{side}"
        for what in ("path", "image", "img", "file", "filename", "photo", "picture", "name")
        for gap in ("", "_")
        for side in sides
    )
    | words
    for sides, words in (
        (("1", "a", "left"), {"left", "a", "first", "probe", "reference"}),
        (("2", "b", "right"), {"right", "b", "second", "gallery", "candidate"}),
    )
]
_NUMBERS = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}
_WORDS = {"same": True, "different": False, "genuine": True, "impostor": False}
_TRUTH = {"true": 1, "false": 0, "yes": 1, "no": 0}
_ONE_IS_SAME = {
    **dict.fromkeys(("same", "is_same", "issame", "match", "is_match", "genuine"), True),
    **dict.fromkeys(("label", "different", "is_different", "impostor"), False),
}
"""Headings of the column of labels: whether 1 means the same."""


@dataclass(frozen=True)
class _Columns:
    left: int
    right: int
    label: int
    one_is_same: bool
    named: str = ""
    """Heading of the labels; empty without a heading."""

    @cached_property
    def labels(self) -> dict[str, bool]:
        """Return the labels that are understood, each with True for the same."""
        numbers = _NUMBERS if self.named in {"", "label"} else _NUMBERS | _TRUTH
        return {text: (n == 1) is self.one_is_same for text, n in numbers.items()} | _WORDS

    def fit(self, cells: Sequence[str]) -> bool:
        """Check the number of cells; more than are read need a heading."""
        wanted = max(self.left, self.right, self.label) + 1
        return len(cells) >= wanted if self.named else len(cells) == wanted


_WITHOUT_HEADING = _Columns(0, 1, 2, one_is_same=False)


@dataclass(frozen=True)
class Row:
    """A pair as it is listed: its line, counted from 1, the two paths, and True for the same."""

    line: int
    left: str
    right: str
    same: bool


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the pairs of a table, in UTF-8, separated by comma, semicolon, tab or bar.

    Raises:
        DataError: It cannot be read, or a line is no pair.
    """
    try:
        check_regular(path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from _parse(path, _lines(file))
    except (FileError, OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read as a CSV: {error}; save it as CSV in UTF-8"
        ) from error


def _lines(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line that has any, with its number."""
    first = list(islice(file, _LOOKED_AT))
    # Excel's own first line, `sep=;`, names the separator.
    named = re.fullmatch(r"sep=(.)", first[0].strip("\r\n")) if first else None
    separator = named[1] if named else _separator(first)
    lines = chain(first[1:] if named else first, file)
    for cells in (reader := csv.reader(lines, delimiter=separator)):
        if any(cell.strip() for cell in cells):
            yield reader.line_num + bool(named), [cell.strip() for cell in cells]


def _separator(lines: Sequence[str]) -> str:
    """Find the separator that cuts every one of some lines into three cells or more."""
    for separator in _SEPARATORS:
        rows = [row for row in csv.reader(lines, delimiter=separator) if row]
        if rows and all(len(row) >= _COLUMNS for row in rows):
            return separator
    return _SEPARATORS[0]


def _parse(path: Path, lines: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    columns: _Columns | None = None
    for number, cells in lines:
        if number > MAX_PAIRS:
            raise DataError(f"{path} has more than {MAX_PAIRS:,} lines")
        heading = _heading(cells)
        if heading is not None and columns in {None, heading}:  # Again, where files were joined.
            columns = heading
            continue
        columns = columns or _WITHOUT_HEADING
        yield _row(path, number, cells, columns)


def _heading(cells: Sequence[str]) -> _Columns | None:
    """Find the columns by their headings; None if the line is no heading that is known."""
    names = [re.sub(r"[ -]", "_", cell.lower()) for cell in cells]
    found = [
        [i for i, name in enumerate(names) if name in known] for known in (*_SIDES, _ONE_IS_SAME)
    ]
    if any(len(columns) != 1 for columns in found):
        return None
    left, right, label = (columns[0] for columns in found)
    return _Columns(left, right, label, _ONE_IS_SAME[names[label]], names[label])


def _row(path: Path, number: int, cells: Sequence[str], columns: _Columns) -> Row:
    label = cells[columns.label].lower() if columns.fit(cells) else ""
    same = columns.labels.get(label)
    if same is None:
        raise DataError(
            f"{path}, line {number}: expected path1,path2,label with a label of 0 or same, 1 or "
            "different; or a first line with headings such as path1,path2,label (0 is the same), "
            "image1,image2,same (1 is the same) or left,right,different"
        )
    return Row(number, cells[columns.left], cells[columns.right], same)
