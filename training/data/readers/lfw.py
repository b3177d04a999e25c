"""Labeled Faces in the Wild (Huang et al. 2007) in its published layout, with its lists.

The images are in a zip or folder named `lfw*` beside `peopleDevTrain.txt` and `peopleDevTest.txt`
(View 1's training and test people) and `pairsDevTest.txt` (its 1,000 test pairs). View 2 is
`pairs.txt`, which is optional: ten folds of 300 genuine and 300 impostor pairs.
"""

from dataclasses import replace
from pathlib import Path

from model.errors import FileError
from model.files import read_text
from training.data.image_set import ImageSet, OfficialPair
from training.data.readers.folder import read_folder, read_zip
from training.errors import DataError

TEST_PEOPLE, TEST_PAIRS = "peopleDevTest.txt", "pairsDevTest.txt"
FOLD_PAIRS = "pairs.txt"
_MAX_LIST_BYTES = 10_000_000


def is_lfw(folder: Path) -> bool:
    """Check whether a folder has LFW's lists."""
    return (folder / TEST_PEOPLE).is_file() and (folder / TEST_PAIRS).is_file()


def read_lfw(folder: Path) -> ImageSet:
    """Read LFW, with the test people of `peopleDevTest.txt` and the folds of `pairs.txt`.

    Raises:
        DataError: No images beside the lists, or a list that does not fit them.
    """
    faces = _read_images(folder)
    people = frozenset(line.split()[0] for line in _lines(folder / TEST_PEOPLE))
    if missing := people - set(faces.identities):
        raise DataError(f"{TEST_PEOPLE} names {len(missing)} people who have no images here")
    names = {Path(image.name).stem: image.name for image in faces}
    pairs = tuple(_pair(line, names, TEST_PAIRS) for line in _lines(folder / TEST_PAIRS))
    return replace(
        faces,
        name="lfw",
        test_identities=people,
        official_pairs={"LFW View 1 pairsDevTest": pairs},
        pair_folds=_folds(folder / FOLD_PAIRS, names),
    )


def _read_images(folder: Path) -> ImageSet:
    for path in sorted(folder.glob("lfw*")):
        if path.suffix == ".zip":
            return read_zip(path)
        if path.is_dir():
            return read_folder(path)
    raise DataError(f"{folder} has LFW's lists, but no lfw*.zip or lfw* folder of images")


def _lines(path: Path) -> list[str]:
    """Read a list's lines after its first, which counts them."""
    return [line for line in _text(path).splitlines()[1:] if line.strip()]


def _text(path: Path) -> str:
    try:
        return read_text(path, _MAX_LIST_BYTES)
    except FileError as error:
        raise DataError(str(error)) from error


def _folds(path: Path, names: dict[str, str]) -> tuple[tuple[OfficialPair, ...], ...]:
    """Read View 2's folds; `10 300` in the first line: ten of 300 genuine and 300 impostor pairs.

    A fold's genuine pairs come first, then its impostor pairs, then the next fold.
    """
    if not path.exists():
        return ()
    pairs = [_pair(line, names, path.name) for line in _lines(path)]
    match _text(path).split("\n", 1)[0].split():
        case [folds, each] if folds.isdecimal() and each.isdecimal():
            size = 2 * int(each)
            kinds = ([True] * int(each) + [False] * int(each)) * int(folds)
        case _:
            raise DataError(f"{path.name} must begin with its folds and the pairs of each kind")
    if not pairs or [same for *_, same in pairs] != kinds:
        raise DataError(
            f"{path.name} announces {folds} folds of {each} genuine and {each} impostor pairs, but "
            f"its {len(pairs)} pairs differ"
        )
    return tuple(tuple(pairs[start : start + size]) for start in range(0, len(pairs), size))


def _pair(line: str, names: dict[str, str], listed_in: str) -> OfficialPair:
    """Parse a line: `Name i j` is a genuine pair, `Name i Other j` an impostor pair."""
    match line.split():
        case [name, i, j] if i.isdecimal() and j.isdecimal():
            left, right, same = f"{name}_{int(i):04d}", f"{name}_{int(j):04d}", True
        case [name, i, other, j] if i.isdecimal() and j.isdecimal():
            left, right, same = f"{name}_{int(i):04d}", f"{other}_{int(j):04d}", False
        case _:
            raise DataError(f"{listed_in}: cannot read the line {line!r}")
    if left not in names or right not in names:
        raise DataError(f"{listed_in}: no image for the line {line!r}")
    return names[left], names[right], same
