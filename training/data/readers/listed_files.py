"""Files that a list names, each under one name however it is spelled."""

import os
import stat
from functools import partial
from pathlib import Path

from training.data.image_set import LabelledImage
from training.data.readers.folder import read_file
from training.data.readers.listing import composed
from training.errors import DataError


class ListedFiles:
    """Files by their spellings: relative or absolute, in another case, or through a link.

    Two spellings of one file get the name of the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name_of: dict[str, str] = {}
        self._names: dict[tuple[int, int], str] = {}
        self._path_of: dict[str, Path] = {}
        self._entries: dict[Path, dict[str, list[str]]] = {}

    def name(self, spelling: str) -> str:
        """Return the name of a file.

        Raises:
            DataError: There is no such file, or it could be two.
        """
        if spelling not in self._name_of:
            self._name_of[spelling] = self._look_up(spelling)
        return self._name_of[spelling]

    def image(self, name: str, identity: str) -> LabelledImage:
        """Return the image of a name."""
        return LabelledImage(name, identity, partial(read_file, self._path_of[name]))

    def _look_up(self, spelling: str) -> str:
        path, found = self._find(spelling)
        # Not resolved: links stay as they are.
        name = Path(os.path.relpath(path, self._folder)).as_posix()
        first = self._names.setdefault((found.st_dev, found.st_ino), name)
        self._path_of.setdefault(first, path)
        return first

    def _find(self, spelling: str) -> tuple[Path, os.stat_result]:
        for text in dict.fromkeys((spelling, spelling.replace("\\", "/"))):
            path = self._folder / text
            if (found := _regular(path)) is not None:
                return path, found
            other = self._in_other_case(path)
            if other is not None and (found := _regular(other)) is not None:
                return other, found
        raise DataError(f"there is no image {self._folder / spelling}")

    def _in_other_case(self, path: Path) -> Path | None:
        """Find a path whose names differ in case or Unicode form only."""
        found = Path(path.anchor or ".")
        for name in path.parts[1:] if path.anchor else path.parts:
            if name == ".." or os.path.lexists(found / name):
                found /= name
                continue
            candidates = self._folded(found).get(_fold(name), [])
            if len(candidates) > 1:
                raise DataError(f"{path} could be {' or '.join(candidates)} in {found}")
            if not candidates:
                return None
            found /= candidates[0]
        return found

    def _folded(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._entries:
            entries: dict[str, list[str]] = {}
            try:
                for path in sorted(folder.iterdir()):
                    entries.setdefault(_fold(path.name), []).append(path.name)
            except OSError:
                pass
            self._entries[folder] = entries
        return self._entries[folder]


def _regular(path: Path) -> os.stat_result | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a null character.
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _fold(name: str) -> str:
    return composed(name).casefold()
