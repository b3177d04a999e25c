"""k-nearest-neighbour error: test images as queries, training images as gallery.

Metric-learning papers report it on MNIST (Norouzi et al. 2012, table 1, among others). It needs a
closed set: the queries' identities have to be in the gallery. The energy of codes is the Hamming
distance between two; the paper's asymmetric one is the protocol `asymmetric_knn`.

The energies are float32 sums of a product, as the committed records were measured. scikit-learn's
`euclidean_distances` rounds otherwise: on two principal components of MNIST, scaled to length 1,
1,331 of 10,000 test images got another identity, in twice the processor time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric
from model.scoring import Vectors
from training.data.image_set import ImageSet
from training.errors import DataError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest

_BLOCK_VALUES = 20_000_000
"""Bound of the energies held at once, of some queries to all of the gallery (80 MB)."""

Energies = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class NearestNeighbours:
    """k-nearest-neighbour error.

    Attributes:
        k: Number of neighbours that vote. An image as near as the k-th votes too: among binary
            codes many are equally near, and their order must not decide. Of identities with equally
            many votes the nearest image's wins, else the first by name.
    """

    k: int = 5

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError("k must be at least 1")

    @property
    def name(self) -> str:
        """Name of the measured value."""
        return f"kNN error, k = {self.k}"

    def __call__(self, system: SystemUnderTest) -> tuple[MeasuredValue, ...]:
        """Measure a bundle.

        Raises:
            DataError: An identity of the queries is not in the gallery, or fewer than k images are.
        """
        gallery, queries = system.trained, system.tested
        label = {identity: i for i, identity in enumerate(gallery.identities)}
        if unknown := set(queries.identities) - set(label):
            raise DataError(
                f"kNN needs a closed set (split by image): {len(unknown)} identities of the test "
                "part have no training image"
            )
        right = np.array([label[image.identity] for image in queries])
        error = float(np.mean(self.answers(system, gallery, queries) != right))
        return (
            MeasuredValue(
                name=self.name,
                value=error,
                standard_error=float(np.sqrt(error * (1 - error) / len(queries))),
                standard_error_over="images",
                trials=len(queries),
            ),
        )

    def answers(self, system: SystemUnderTest, gallery: ImageSet, queries: ImageSet) -> Labels:
        """Name queries by their nearest neighbours: indices of gallery identities, (queries,)."""
        known, names = system.embed(gallery)
        asked, _ = system.embed(queries)
        return classify(system.metric, known, names, asked, self.k)


def classify(metric: Metric, known: Vectors, names: Labels, asked: Vectors, k: int) -> Labels:
    """Name queries, (queries, dim), by their k nearest neighbours in a gallery, (gallery, dim).

    Embeddings are floats for the metrics `l1` and `l2`, packed bits for `hamming`. The `names` are
    the gallery's identities, from 0, (gallery,).

    Returns:
        Identities, (queries,).

    Raises:
        DataError: The gallery has fewer than k images.
    """
    if metric is Metric.HAMMING:
        known, asked = signs(known), signs(asked)
    return vote(partial(_l1 if metric is Metric.L1 else _l2, known), names, asked, k)


def vote(energies: Callable[[Vectors], Energies], names: Labels, asked: Vectors, k: int) -> Labels:
    """Name queries by their nearest neighbours, as `classify`, under any energy.

    `energies` maps some queries, (queries, dim), to their energies to all of the gallery, (queries,
    gallery).
    """
    if len(names) < k:
        raise DataError(f"{k} neighbours cannot be found among {len(names)} images")
    one_hot = np.eye(int(names.max()) + 1, dtype=np.float32)[names]
    rows = max(1, _BLOCK_VALUES // len(names))
    blocks = [
        _vote(energies(asked[i : i + rows]), one_hot, names, k) for i in range(0, len(asked), rows)
    ]
    return np.concatenate(blocks)


def _vote(energies: Energies, one_hot: NDArray[np.float32], names: Labels, k: int) -> Labels:
    furthest = np.partition(energies, k - 1, axis=1)[:, k - 1 : k]
    votes = (energies <= furthest).astype(np.float32) @ one_hot
    nearest = names[energies.argmin(axis=1)]
    votes[np.arange(len(votes)), nearest] += 0.5  # Breaks ties only.
    named: Labels = votes.argmax(axis=1)
    return named


def signs(packed: Vectors) -> Energies:
    """Unpack codes, (N, bits / 8), into float32 signs -1 and 1, (N, bits)."""
    return 2 * np.unpackbits(packed, axis=1).astype(np.float32) - 1


def _l2(known: Vectors, asked: Vectors) -> Energies:
    """Squared L2 distances, in the same order as L2, by ‖a‖² - 2 a·b + ‖b‖².

    Those of signs are four times the Hamming distance: integers, exact in float32.
    """
    between: Energies = np.square(asked).sum(axis=1)[:, np.newaxis] - 2 * asked @ known.T
    between += np.square(known).sum(axis=1)
    return between


def _l1(known: Vectors, asked: Vectors) -> Energies:
    """L1 distances, one axis after the other to bound the memory."""
    total = np.zeros((len(asked), len(known)), dtype=np.float32)
    for of_known, of_asked in zip(known.T, asked.T, strict=True):
        total += np.abs(of_asked[:, np.newaxis] - of_known)
    return total


build = NearestNeighbours
