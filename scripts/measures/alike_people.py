"""Measure the false match rate among people of one laboratory, by several kinds of energies.

    python -m scripts.measures.alike_people model/bundles/faces ../shared/data

AT&T's people 1 to 20 are more alike than LFW's: of one age and skin, in one light. Each kind of
energy gets the threshold at which 1 % of the impostor pairs of the bundle's calibration people
match. Test people are not looked at, and neither are AT&T's people 21 to 40.

- *as served*: distances of embeddings.
- *whitened*: by the covariance over the calibration people, to length 1, as a student of the bundle
  is taught (`training/transfer/similarities.py`).
- *less the cohort*: less the mean distance of the two images to their 20 nearest of a cohort, half
  of the calibration people (adaptive score normalisation: Cumani et al. 2011); the threshold is of
  the other half.
- *less their mean*: less the mean embedding of each data set, which no service knows of a picture.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle, identity_digest, open_bundle
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.inference.locating import locator_of
from training.inference.onnx_runtime import OnnxEncoder

SPLIT_OF = "model/bundles/faces"
"""Bundle whose calibration people are taken, where an adopted one has a split of its own."""
IMAGES_EACH, NEAREST, TARGET, SHRINKAGE = 4, 20, 0.01, 0.3
_AT_A_TIME = 32

Numbers = NDArray[np.float64]
Labels = NDArray[np.intp]


def main(folder: Path, data: Path) -> None:
    """Print the rates of each kind of energy."""
    bundle, split = open_bundle(folder), open_bundle(Path(SPLIT_OF)).split
    lfw, att = open_data(data / "lfw"), open_data(data / "att_faces.zip")
    known = [n for n in lfw.identities if split and identity_digest(n) in split.calibration]
    one, labels = _embedded(bundle, lfw.of(known, IMAGES_EACH))
    other, others = _embedded(bundle, att.of([f"s{number}" for number in range(1, 21)]))
    whiten = _whitening(one)
    _print("as served", _distances(one, one), labels, _distances(other, other), others)
    white, there = whiten(one), whiten(other)
    _print("whitened", _distances(white, white), labels, _distances(there, there), others)
    first = labels < len(known) // 2
    cohort, kept = one[first], one[~first]
    normalised, foreign = _less(kept, cohort), _less(other, cohort)
    _print("less the cohort", normalised, labels[~first], foreign, others)
    centred, away = (_unit(each - each.mean(axis=0)) for each in (one, other))
    _print("less their mean", _distances(centred, centred), labels, _distances(away, away), others)


def _embedded(bundle: Bundle, images: ImageSet) -> tuple[Numbers, Labels]:
    decoded = decode(images, bundle.manifest.input, locator_of(bundle))
    encoder, pixels = OnnxEncoder(bundle.onnx), decoded.pixels
    starts = range(0, len(pixels), _AT_A_TIME)
    parts = [encoder.embed(pixels[start : start + _AT_A_TIME]) for start in starts]
    return np.concatenate(parts).astype(np.float64), decoded.source.labels()


def _distances(one: Numbers, other: Numbers) -> Numbers:
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def _unit(rows: Numbers) -> Numbers:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _whitening(sample: Numbers) -> Callable[[Numbers], Numbers]:
    mean, covariance = sample.mean(axis=0), np.cov(sample.T)
    covariance += SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, axes = np.linalg.eigh(covariance)
    matrix = (axes / np.sqrt(values)) @ axes.T
    return lambda rows: _unit((rows - mean) @ matrix)


def _less(rows: Numbers, cohort: Numbers) -> Numbers:
    near = np.sort(_distances(rows, cohort), axis=1)[:, :NEAREST].mean(axis=1)
    return np.asarray(_distances(rows, rows) - (near[:, None] + near) / 2)


def _print(kind: str, own: Numbers, labels: Labels, foreign: Numbers, others: Labels) -> None:
    genuine, impostor = _pairs(own, labels)
    there, strangers = _pairs(foreign, others)
    threshold = np.quantile(impostor, TARGET)
    print(
        f"{kind}: FNMR {np.mean(genuine > threshold):.1%} of the calibration people; AT&T FMR "
        f"{np.mean(strangers <= threshold):.1%}, FNMR {np.mean(there > threshold):.1%}"
    )


def _pairs(energies: Numbers, labels: Labels) -> tuple[Numbers, Numbers]:
    rows, columns = np.triu_indices(len(labels), 1)
    same = labels[rows] == labels[columns]
    found = energies[rows, columns]
    return found[same], found[~same]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
