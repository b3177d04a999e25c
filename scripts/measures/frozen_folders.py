"""Measure the shipped encoders of faces, as they are, on many small folders of faces.

    python -m scripts.measures.frozen_folders ../shared/data

Each folder is drawn at random: half of its identities are the training part, which whitening is
fitted to, a quarter the calibration part, which chooses the whitening as `own_folder` does, and a
quarter the test part. Those of LFW are test people of `faces` who are not in the race
(`benchmarks/training_peers/`), those of AT&T all. An image in which a locator finds nothing is left
out. Printed are mean EERs of the test parts, and their standard errors.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle, identity_digest, open_bundle
from model.locating.locator import Pick
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.inference.locating import locator_of
from training.inference.onnx_runtime import OnnxEncoder
from training.selection.trial import WHITENINGS, score
from training.serving_graph.wccn import measured_whitening

_BUNDLES = Path("model/bundles")
_RACED = 40
"""People of LFW with five pictures who are in the race: the first ones by name."""
_FOLDERS = 150
_SIZES = ((40, 5), (20, 4))
_MOST = 10
_AT_A_TIME = 64

Vectors = NDArray[np.float32]
Rows = dict[str, NDArray[np.intp]]
"""Rows of the images of each identity."""


def main(data: Path) -> None:
    """Print the errors of both encoders with each whitening, for two data sets and sizes."""
    for images in (_unraced(open_data(data / "lfw")), open_data(data / "att_faces.zip")):
        for name in ("faces", "faces-crops"):
            _measure(name, images)


def _unraced(images: ImageSet) -> ImageSet:
    split = open_bundle(_BUNDLES / "faces").split
    known = frozenset[str]() if split is None else split.train | split.calibration
    unseen = images.of(name for name in images.identities if identity_digest(name) not in known)
    counts = {name: len(unseen.of([name]).images) for name in unseen.identities}
    raced = [name for name in sorted(counts) if counts[name] >= 5][:_RACED]  # noqa: PLR2004
    kept = (name for name, count in counts.items() if count > 3 and name not in raced)  # noqa: PLR2004
    return unseen.of(kept, _MOST)


def _measure(bundle: str, images: ImageSet) -> None:
    vectors, rows = _embedded(open_bundle(_BUNDLES / bundle), images.of(images.identities, _MOST))
    for identities, each in _SIZES:
        enough = [name for name, found in rows.items() if len(found) >= each]
        rates = defaultdict(list)
        for seed in range(_FOLDERS):
            chosen = np.random.default_rng(seed).permutation(enough)[:identities]
            found = [rows[name][:each] for name in chosen]
            for how, rate in _rates(vectors, found).items():
                rates[how].append(rate)
        texts = (
            f"{how} {100 * np.mean(eers):.1f} ± {100 * np.std(eers) / len(eers) ** 0.5:.1f}"
            for how, eers in rates.items()
        )
        where = f"{images.name}, {len(found)}x{each}"
        sys.stdout.write(f"{where}: {bundle}: EER in %: {'; '.join(texts)}\n")


def _rates(vectors: Vectors, found: list[NDArray[np.intp]]) -> dict[str, float]:
    """Return the test EER of each whitening, and of the one that the calibration part chooses."""
    half, quarter = len(found) // 2, len(found) // 4
    known, chosen_by, tested = found[:half], found[half : half + quarter], found[half + quarter :]
    errors = {
        shrinkage: tuple(
            score(_whitened(vectors, known, part, shrinkage), _labels(part))
            for part in (chosen_by, tested)
        )
        for shrinkage in WHITENINGS
    }
    best = min(errors, key=lambda shrinkage: errors[shrinkage][0].total)
    rates = {f"whitening {shrinkage}": test.eer for shrinkage, (_, test) in errors.items()}
    return rates | {"chosen": errors[best][1].eer}


def _whitened(
    vectors: Vectors,
    known: list[NDArray[np.intp]],
    part: list[NDArray[np.intp]],
    shrinkage: float | None,
) -> Vectors:
    compared = vectors[np.concatenate(part)]
    if shrinkage is None:
        return compared
    matrix = measured_whitening(vectors[np.concatenate(known)], _labels(known), shrinkage, "equal")
    product = compared @ matrix
    return (product / np.linalg.norm(product, axis=1, keepdims=True)).astype(np.float32)


def _labels(part: list[NDArray[np.intp]]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(part)), [len(rows) for rows in part]).astype(np.int64)


def _embedded(bundle: Bundle, images: ImageSet) -> tuple[Vectors, Rows]:
    decoded = decode(images, bundle.manifest.input, locator_of(bundle), Pick.CENTRAL)
    encoder = OnnxEncoder(bundle.onnx)
    parts = range(0, len(decoded.pixels), _AT_A_TIME)
    vectors = np.concatenate([encoder.embed(decoded.pixels[b : b + _AT_A_TIME]) for b in parts])
    names = np.array([image.identity for image in decoded.source])
    return vectors, {name: np.flatnonzero(names == name) for name in images.identities}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
