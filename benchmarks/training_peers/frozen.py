"""A shipped encoder as it is, with what can be fitted to its embeddings in seconds.

python -m benchmarks.training_peers.frozen BUNDLE KNOWN.json FILES.json OUT.npz

Writes the energies of all pairs of the files, (files, files): by within-class whitening and by a
logistic regression on the differences of embeddings, both fitted to the known identities.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from app.encoders.locator import load_locator
from model.bundle import open_bundle
from model.errors import NothingLocatedError
from model.locating.locator import Locator, Pick
from model.manifest import InputSpec
from model.preprocessing import ImageLimits, preprocess, preprocess_located

_LIMITS = ImageLimits(max_bytes=10**7, max_pixels=10**8)
_SHRINKAGE = 0.5
_PAIRS = 3000
_FARTHEST = 2.0
"""Distance of opposite vectors of length 1."""

Vectors = NDArray[np.float64]


def embed(bundle: Path, files: list[str]) -> Vectors:
    """Embed files by the graph of a bundle, (files, dim); NaN where its locator finds nothing."""
    opened = open_bundle(bundle)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(opened.onnx, options, providers=["CPUExecutionProvider"])
    spec, name = opened.manifest.input, session.get_inputs()[0].name
    locator, dim = load_locator(opened), opened.manifest.embedding_dim
    vectors = np.full((len(files), dim or 0), np.nan)
    for row, file in enumerate(files):
        image = _read(Path(file), spec, locator)
        if image is not None:
            vectors[row] = session.run(None, {name: image[np.newaxis]})[0][0]
    return vectors


def _read(file: Path, spec: InputSpec, locator: Locator | None) -> NDArray[np.uint8] | None:
    """Read a file as the service does that is sent `face=central`; None where it refuses it."""
    if locator is None:
        return preprocess(file.read_bytes(), spec, _LIMITS)
    try:
        return preprocess_located(file.read_bytes(), spec, locator, Pick.CENTRAL, _LIMITS)[0]
    except NothingLocatedError:
        return None


def distances(vectors: Vectors) -> Vectors:
    """Euclidean distances of all pairs of vectors of length 1, (vectors, vectors).

    A vector that is NaN, of an image that was refused, is as far as can be from all others.
    """
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    squares: Vectors = np.clip(2 - 2 * units @ units.T, 0, None)
    return np.nan_to_num(np.sqrt(squares), nan=_FARTHEST)


def whitened(known: Vectors, labels: NDArray[np.int64], vectors: Vectors) -> Vectors:
    """Whiten vectors by the covariance within the known identities, shrunk by a half."""
    means = np.stack([known[labels == i].mean(axis=0) for i in labels])
    within = (known - means).T @ (known - means) / (len(known) - labels.max() - 1)
    level = np.trace(within) / len(within)
    values, axes = np.linalg.eigh(
        (1 - _SHRINKAGE) * within + _SHRINKAGE * level * np.eye(len(within))
    )
    result: Vectors = vectors @ (axes * values**-0.5) @ axes.T
    return result


def regressed(known: Vectors, labels: NDArray[np.int64], vectors: Vectors) -> Vectors:
    """Energies by a logistic regression on the absolute differences of pairs."""
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, len(known), (2, 40 * _PAIRS))
    same = labels[left] == labels[right]
    genuine = np.flatnonzero(same & (left != right))[:_PAIRS]
    rows = np.concatenate([genuine, np.flatnonzero(~same)[:_PAIRS]])
    differences = np.abs(known[left[rows]] - known[right[rows]])
    model = LogisticRegression(max_iter=1000).fit(differences, ~same[rows])
    found = [model.decision_function(np.abs(vectors - one)) for one in vectors]
    return np.stack(found)


def main(bundle: Path, known: Path, files: Path, out: Path) -> None:
    """Fit to the known identities, compare the files, and save the energies."""
    names, tested = json.loads(known.read_text()), json.loads(files.read_text())
    _, labels = np.unique([Path(name).parent.name for name in names], return_inverse=True)
    fitted, vectors = embed(bundle, names), embed(bundle, tested)
    np.savez(
        out,
        raw=distances(vectors),
        whitened=distances(whitened(fitted, labels, vectors)),
        regressed=regressed(fitted, labels, vectors),
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
