"""Classical reductions to two dimensions, by scikit-learn, to compare an encoder's map with."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA, FactorAnalysis, KernelPCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.manifold import MDS, Isomap, LocallyLinearEmbedding, SpectralEmbedding

Points = NDArray[np.float64]
"""(images, 2)."""

NEIGHBOURS = 8
"""Neighbours of an image, in the methods with a neighbour graph."""

_MDS_STARTS = 4


@dataclass(frozen=True)
class Projection:
    """Points in two dimensions, and the warnings of the method."""

    points: Points
    notes: tuple[str, ...]


def projections(
    features: NDArray[np.float64], labels: NDArray[np.int64], seed: int
) -> dict[str, Projection]:
    """Reduce features, (images, features), to two dimensions by each method.

    The labels, (images,), are for LDA only; the seed is for the random methods.
    """
    near = min(NEIGHBOURS, len(features) - 1)
    methods: dict[str, Any] = {
        "PCA": PCA(2, random_state=seed),
        "Kernel PCA": KernelPCA(2, kernel="rbf", random_state=seed),
        "Factor analysis": FactorAnalysis(2, random_state=seed),
        "MDS": MDS(2, n_init=_MDS_STARTS, init="random", random_state=seed),
        "Isomap": Isomap(n_components=2, n_neighbors=near),
        "LLE": LocallyLinearEmbedding(n_components=2, n_neighbors=near, random_state=seed),
        "Laplacian eigenmaps": SpectralEmbedding(2, n_neighbors=near, random_state=seed),
    }
    found = {name: _project(method.fit_transform, features) for name, method in methods.items()}
    lda = _project(lambda pixels: discriminant(pixels, labels), features)
    return found | {"LDA (told the identities)": lda}


def unfolded(features: NDArray[np.float64], seed: int) -> dict[str, Projection]:
    """Reduce an embedding by a linear method and by one with a neighbour graph."""
    pca = PCA(2, random_state=seed)
    isomap = Isomap(n_components=2, n_neighbors=min(NEIGHBOURS, len(features) - 1))
    return {
        "PCA": _project(pca.fit_transform, features),
        "Isomap": _project(isomap.fit_transform, features),
    }


def discriminant(features: NDArray[np.float64], labels: NDArray[np.int64]) -> Points:
    """Project on Fisher's two best directions, after PCA (fisherfaces; Belhumeur et al. 1997).

    Pixels outnumber images, so the scatter within identities has no inverse: PCA first reduces them
    to as many components as there are images minus identities. Two identities have only one
    direction; the other coordinate is then zero.
    """
    identities = len(np.unique(labels))
    components = max(1, min(len(features) - identities, features.shape[1]))
    reduced = PCA(components, svd_solver="full").fit_transform(features)
    lda = LinearDiscriminantAnalysis(n_components=min(2, identities - 1))
    points: Points = lda.fit(reduced, labels).transform(reduced)
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def _project(reduce: Callable[[NDArray[np.float64]], Points], features: Any) -> Projection:  # noqa: ANN401 (scikit-learn has no types)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        points = np.asarray(reduce(features), dtype=np.float64)
    notes = dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught)
    return Projection(_upright(points), tuple(notes))


def _upright(points: Points) -> Points:
    """Fix the arbitrary sign of each axis: its furthest point is positive."""
    furthest = np.abs(points).argmax(axis=0)
    signs = np.where(points[furthest, np.arange(points.shape[1])] < 0, -1.0, 1.0)
    return np.asarray(points * signs)
