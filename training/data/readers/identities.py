"""Identities of images by their folders (decision 35).

An identity is the path of an image's folder, without the part that all images share and without
levels of folders that name the parts of a split. A data set may state another rule in a file
`identity.txt`. Without one, names that could mean one identity or several are doubtful.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from training.data.readers.listing import FoundFile, composed
from training.errors import DataError

RULE_FILE = "identity.txt"
_MAX_RULE_BYTES = 1000
_SPLIT_NAMES = frozenset(
    (
        *("train", "training", "trn", "val", "valid", "validation", "dev", "devel", "development"),
        *("test", "testing", "tst", "eval", "evaluation", "holdout", "query", "gallery", "probe"),
    )
)
_SUFFIX = re.compile(r"[ _-]?(set|data|images|imgs|split)$")

Rule = Callable[[Sequence[str]], Sequence[str]]
"""Folders of an image, from the level below what all share, to those that name its identity."""


@dataclass(frozen=True)
class Naming:
    """Rule by which the folders of a data set name identities.

    Attributes:
        shared: Folder that all images are in.
        parts: Names of the folders that are parts of a split and so of no identity's name.
        stated: Whether the data set states its rule.
    """

    shared: PurePosixPath
    parts: frozenset[str]
    rule: Rule
    stated: bool

    def identity(self, folder: PurePosixPath) -> str:
        """Name the identity of a folder of images.

        Raises:
            DataError: The folder is not deep enough to name one.
        """
        named = self.rule(self._levels(folder))
        if not named or not folder.is_relative_to(self.shared):
            raise DataError(
                f"the folder {folder} names no identity; put each identity's images into a folder "
                "of its own"
            )
        return composed("/".join(named))

    def _levels(self, folder: PurePosixPath) -> list[str]:
        levels = folder.relative_to(self.shared).parts
        return [name for i, name in enumerate(levels) if f"{i}/{name}" not in self.parts]


def naming_of(folders: Iterable[PurePosixPath], rules: Iterable[FoundFile]) -> Naming:
    """Find out how the folders of images name identities.

    `rules` are the files named `identity.txt`; one in an identity's folder is no rule.

    Raises:
        DataError: A rule cannot be read.
    """
    paths = sorted(folders)
    shared = PurePosixPath(os.path.commonpath([path.as_posix() for path in paths]))
    stated = [file for file in rules if shared.is_relative_to(file.path.parent)]
    rule = _parse(stated[0]) if stated else tuple
    return Naming(shared, _split_levels(paths, shared), rule, stated=bool(stated))


def doubts(folder_of: Mapping[str, PurePosixPath]) -> str:
    """Say which identities may be one, by their names and a folder of each; empty if none.

    Such are names that differ in case or blanks only, names that occur under several folders, and
    an identity inside another one's folder.
    """
    names = sorted(folder_of)
    for key, found in (
        (_folded, "{count} names differ only in case or blanks from another, such as {a} and {b}"),
        (_last, "{count} folders have the name of another one, such as {a} and {b}"),
    ):
        groups: dict[str, list[str]] = {}
        for name in names:
            groups.setdefault(key(name), []).append(name)
        doubtful = [group for group in groups.values() if len(group) > 1]
        if doubtful:
            count = sum(len(group) for group in doubtful)
            return found.format(count=count, a=doubtful[0][0], b=doubtful[0][1])
    inside = [name for name in names if any(above in folder_of for above in _above(name))]
    if inside:
        outer = next(above for above in _above(inside[0]) if above in folder_of)
        return (
            f"{len(inside)} folders are inside another that has images of its own, such as "
            f"{inside[0]} in {outer}"
        )
    return ""


def remedy() -> str:
    """Say how a data set states its rule."""
    return (
        "whether these are one identity or several cannot be told: rename folders, or state it in "
        f"a file {RULE_FILE} beside them, which holds `path` (each folder is an identity of its "
        "own), `last` (folders of one name are one identity) or a level, such as `1` (all below a "
        "first folder is one identity)"
    )


def _parse(file: FoundFile) -> Rule:
    with file.open() as opened:
        text = opened.read(_MAX_RULE_BYTES).decode("utf-8-sig", "replace").strip().lower()
    if text == "path":
        return tuple
    if text == "last":
        return lambda levels: levels[-1:]
    if text.isdecimal() and text.isascii() and 1 <= int(text) <= _MAX_RULE_BYTES:
        level = int(text)
        return lambda levels: levels[level - 1 : level]
    raise DataError(f"{file.path} must hold `path`, `last` or a level such as `1`, not {text!r}")


def _split_levels(folders: Sequence[PurePosixPath], shared: PurePosixPath) -> frozenset[str]:
    """Return `level/name` of the folders of each level that has only names of parts of a split."""
    levels: dict[int, set[str]] = {}
    for folder in folders:
        for i, name in enumerate(folder.relative_to(shared).parts):
            levels.setdefault(i, set()).add(name)
    return frozenset(
        f"{i}/{name}"
        for i, names in levels.items()
        if all(_SUFFIX.sub("", name.casefold()) in _SPLIT_NAMES for name in names)
        for name in names
    )


def _folded(name: str) -> str:
    return " ".join(composed(name).casefold().split())


def _last(name: str) -> str:
    return _folded(name.rpartition("/")[2])


def _above(name: str) -> list[str]:
    return [parent.as_posix() for parent in PurePosixPath(name).parents][:-1]
