"""Map of unseen identities in two dimensions, by the encoder and by classical methods.

Siamese learning is dimensionality reduction by an invariant mapping (Hadsell, Chopra, LeCun 2006).
Each panel has two measures: the share of images whose nearest neighbours on the map vote for their
identity, and trustworthiness, the degree to which neighbours on the map are neighbours in what was
reduced (Venna, Kaski 2001).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

from model.manifest import Seen
from model.schema.fields import Frozen
from model.scoring import Vectors
from training.data.image_set import ImageSet
from training.errors import DataError
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer
from training.projection.methods import Projection, projections, unfolded

NEIGHBOURS = 5
"""Neighbours of an image, in both measures."""

MAX_IMAGES = 1000
ENCODER = "Encoder ({} of its embedding)"
PLANE = "Encoder (its own two dimensions)"
_DECIMALS = 4


class Panel(Frozen):
    """Map of one method.

    Attributes:
        method: Its name.
        reduced: Its input: `pixels` or `embedding`.
        accuracy: Share of images whose nearest neighbours on the map vote for their identity.
        trustworthiness: In [0, 1]; 1 where neighbours on the map are neighbours in what was
            reduced.
        notes: Warnings of the method.
        points: Position of each image, (images, 2).
    """

    method: str
    reduced: str
    accuracy: float
    trustworthiness: float
    notes: tuple[str, ...]
    points: tuple[tuple[float, float], ...]


class Map(Frozen):
    """Panels of one system on one data set.

    Attributes:
        system: The run or bundle.
        data: The data set's name.
        seed: Of the choice of images, and of the random methods.
        identities: Those shown.
        closed: Whether they are a closed set: the encoder was trained on other images of them.
            Otherwise it was calibrated on other identities; `seen` says about its training.
        seen: Whether the identities that the encoder was trained on are known.
        identity: Of each image, as an index into `identities`, (images,).
        neighbours: Number of neighbours in both measures.
        pixels_accuracy: As a panel's accuracy, in the pixels themselves.
        embedding_accuracy: The same in the whole embedding.
        panels: One for each method, the encoder's first.
    """

    system: str
    data: str
    seed: int
    identities: tuple[str, ...]
    closed: bool = False
    seen: Seen = Seen.IDENTITIES
    identity: tuple[int, ...]
    neighbours: int
    pixels_accuracy: float
    embedding_accuracy: float
    panels: tuple[Panel, ...]


def draw_map(system: SystemUnderTest, identities: int, limit: int, seed: int) -> Map:
    """Reduce some unseen images by every method, and measure each map.

    At most `identities` are shown, drawn by seed, with equally many images of each: at most `limit`
    in all, which is at most `MAX_IMAGES`. The random methods use the same seed.

    Raises:
        DataError: A pair model, fewer than two unseen identities, or too few images to have
            neighbours.
    """
    if not isinstance(system.comparer, EmbeddingComparer):
        raise DataError(f"{system.name} compares pairs and has no embedding to draw a map of")
    decoded = system.decode(choose(system.tested, identities, limit, seed))
    labels = decoded.source.labels()
    pixels = decoded.pixels.reshape(len(labels), -1) / 255.0
    embeddings = _features(system.comparer.embed(decoded.pixels))
    by_pixels = projections(pixels, labels, seed)
    return Map(
        system=system.name,
        data=system.images.name,
        seed=seed,
        identities=decoded.source.identities,
        closed=system.is_closed_set,
        seen=system.seen,
        identity=tuple(labels.tolist()),
        neighbours=NEIGHBOURS,
        pixels_accuracy=neighbour_accuracy(pixels, labels),
        embedding_accuracy=neighbour_accuracy(embeddings, labels),
        panels=(
            *_of_encoder(pixels, embeddings, labels, seed),
            *(_panel(name, "pixels", p, pixels, labels) for name, p in by_pixels.items()),
        ),
    )


def _features(embeddings: Vectors) -> NDArray[np.float64]:
    """Return embeddings as float64, (images, dim), and codes as their bits."""
    is_packed = embeddings.dtype == np.uint8
    return (np.unpackbits(embeddings, axis=1) if is_packed else embeddings).astype(np.float64)


def _of_encoder(
    pixels: NDArray[np.float64],
    embeddings: NDArray[np.float64],
    labels: NDArray[np.int64],
    seed: int,
) -> Iterator[Panel]:
    """Make the encoder's panels.

    An embedding of two dimensions is itself a map of the pixels (Hadsell, Chopra, LeCun 2006), as
    those of the classical methods are. A longer one is reduced first.
    """
    if embeddings.shape[1] == 2:  # noqa: PLR2004 (the dimensions of a map)
        yield _panel(PLANE, "pixels", Projection(embeddings, ()), pixels, labels)
        return
    for name, projection in unfolded(embeddings, seed).items():
        yield _panel(ENCODER.format(name), "embedding", projection, embeddings, labels)


def choose(unseen: ImageSet, identities: int, limit: int, seed: int) -> ImageSet:
    """Choose equally many images of some of the identities.

    Raises:
        DataError: Fewer than two identities, or too few or too many images.
    """
    names = unseen.identities
    count = min(identities, len(names))
    if count < 2:  # noqa: PLR2004 (one has no impostor)
        raise DataError(f"{unseen.name}: a map needs at least 2 identities that were not seen")
    if limit > MAX_IMAGES:
        raise DataError(f"a map shows at most {MAX_IMAGES} images, not {limit}")
    drawn = np.random.default_rng(seed).choice(len(names), count, replace=False)
    chosen = unseen.of((names[i] for i in drawn), max(1, limit // count))
    if len(chosen) <= 2 * NEIGHBOURS:
        raise DataError(
            f"{unseen.name}: a map of {len(chosen)} images says nothing; raise --images, or bring "
            "more images of identities that were not seen"
        )
    return chosen


def neighbour_accuracy(features: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Share of images whose nearest neighbours, themselves left out, vote for their identity."""
    voters = KNeighborsClassifier(NEIGHBOURS).fit(features, labels)
    return float(np.mean(voters.predict(None) == labels))


def _panel(
    method: str,
    reduced: str,
    projection: Projection,
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> Panel:
    trust = trustworthiness(features, projection.points, n_neighbors=NEIGHBOURS)
    scale = np.abs(projection.points).max() or 1.0
    points = np.round(projection.points / scale, _DECIMALS).tolist()
    return Panel(
        method=method,
        reduced=reduced,
        accuracy=neighbour_accuracy(projection.points, labels),
        trustworthiness=float(trust),
        notes=projection.notes,
        points=tuple((x, y) for x, y in points),
    )
