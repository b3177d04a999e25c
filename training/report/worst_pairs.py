"""The worst errors of a bundle on some data, as pairs of small pictures."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.scoring import Energies
from training.evaluation.compared import ComparedImages
from training.evaluation.evaluate import Evaluation
from training.metrics.pairs import Rows

SHOWN = 6
"""Pairs of each kind."""
_LOOKED_AT = 1000
"""Pairs that are looked through for such of other identities."""
_SIDE = 112
_LONGEST_NAME = 60

Subjects = NDArray[np.int64]


@dataclass(frozen=True)
class Picture:
    """An image as the network sees it.

    Attributes:
        name: Its name in the data set, shortened.
        uri: A `data:` URI of a JPEG or PNG of at most 112 pixels a side.
        width: In pixels.
        height: In pixels.
    """

    name: str
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class WorstPair:
    """A pair with its energy, and whether the default decision on it is an error."""

    pictures: tuple[Picture, Picture]
    energy: float
    is_error: bool


@dataclass(frozen=True)
class WorstPairs:
    """The genuine pairs of the highest energies, and the impostor pairs of the lowest."""

    genuine: tuple[WorstPair, ...]
    impostor: tuple[WorstPair, ...]


def worst_pairs(evaluation: Evaluation, shown: int = SHOWN) -> WorstPairs:
    """Return some of the worst pairs of each kind, in each kind none of the same identity."""
    compared, threshold = evaluation.compared, evaluation.conditions.threshold
    pairs = compared.pairs
    if pairs.genuine_images is None or pairs.impostor_images is None:
        return WorstPairs((), ())
    highest, lowest = slice(None, -_LOOKED_AT - 1, -1), slice(_LOOKED_AT)
    genuine = _apart(pairs.genuine_subject[highest, np.newaxis], shown)
    impostor = _apart(pairs.impostor_subjects[lowest], shown)
    energies, images = pairs.genuine[highest][genuine], pairs.genuine_images[highest][genuine]
    return WorstPairs(
        _show(compared, energies, images, energies > threshold),
        _show(
            compared,
            pairs.impostor[impostor],
            pairs.impostor_images[impostor],
            pairs.impostor[impostor] <= threshold,
        ),
    )


def _apart(subjects: Subjects, count: int) -> list[int]:
    """Return the first rows of subjects, (pairs, 1 or 2), of which no two share one."""
    taken: set[int] = set()
    rows = list[int]()
    for row, own in enumerate(subjects.tolist()):
        if len(rows) < count and taken.isdisjoint(own):
            taken.update(own)
            rows.append(row)
    return rows


def _show(
    compared: ComparedImages, energies: Energies, images: Rows, errors: NDArray[np.bool_]
) -> tuple[WorstPair, ...]:
    return tuple(
        WorstPair((_picture(compared, left), _picture(compared, right)), energy, is_error)
        for (left, right), energy, is_error in zip(
            images.tolist(), energies.tolist(), errors.tolist(), strict=True
        )
    )


def _picture(compared: ComparedImages, row: int) -> Picture:
    pixels = compared.pixels[row]
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.thumbnail((_SIDE, _SIDE))
    file, kind = io.BytesIO(), "PNG" if image.mode == "L" else "JPEG"
    image.save(file, kind, quality=80)
    content = base64.b64encode(file.getvalue()).decode()
    name = compared.source.images[row].name
    return Picture(_shorten(name), f"data:image/{kind.lower()};base64,{content}", *image.size)


def _shorten(name: str) -> str:
    """Leave out the middle of a long name."""
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[: half - 1]} … {name[-half:]}"
