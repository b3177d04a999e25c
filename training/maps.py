"""The map: images of unseen identities in two dimensions, by the encoder and by classical methods.

Siamese learning is dimensionality reduction by an invariant mapping (Hadsell, Chopra, LeCun 2006).
Each panel is judged by two figures: how often an image's nearest neighbours on the map are its own
identity's, and how far neighbours on the map are neighbours in what was reduced (trustworthiness;
Venna, Kaski 2001).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

from model.manifest import InputSpec
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.errors import DataError
from training.projections import Projection, projections, unfolded

NEIGHBOURS = 5
"""Of an image, in both figures."""

MAX_IMAGES = 1000
ENCODER = "Encoder ({} of its embedding)"
_DECIMALS = 4


class Panel(BaseModel):
    """One method's map.

    Attributes:
        method: Its name.
        reduced: What it reduced: `pixels` or `embedding`.
        accuracy: Share of images whose nearest neighbours on the map vote for their identity.
        trustworthiness: In [0, 1]; 1 where neighbours on the map are neighbours in what was
            reduced.
        notes: What the method warned of.
        points: Where each image lies, (images, 2).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    reduced: str
    accuracy: float
    trustworthiness: float
    notes: tuple[str, ...]
    points: tuple[tuple[float, float], ...]


class Map(BaseModel):
    """The panels of one system on one data set.

    Attributes:
        system: The run or bundle.
        data: The data set's name.
        seed: Of the choice of images, and of the methods that draw.
        identities: Those shown, none of which the encoder was trained or calibrated on.
        identity: Of each image, as an index into `identities`, (images,).
        neighbours: How many neighbours both figures look at.
        pixels_accuracy: As a panel's accuracy, in the pixels themselves.
        embedding_accuracy: The same in the whole embedding.
        panels: One for each method, the encoder's first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    data: str
    seed: int
    identities: tuple[str, ...]
    identity: tuple[int, ...]
    neighbours: int
    pixels_accuracy: float
    embedding_accuracy: float
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class MappedSystem:
    """An encoder to draw the map of.

    Attributes:
        name: The run's or bundle's.
        spec: Its input.
        embed: uint8 images (N, H, W, C) to embeddings (N, dim).
        unseen: Identities that it was neither trained nor calibrated on.
    """

    name: str
    spec: InputSpec
    embed: Callable[[NDArray[np.uint8]], NDArray[np.float64]]
    unseen: tuple[str, ...]


def draw_map(system: MappedSystem, images: ImageSet, identities: int, limit: int, seed: int) -> Map:
    """Reduce some images of unseen identities by every method, and measure each.

    Args:
        system: The encoder.
        images: The data set.
        identities: The most identities that are shown, drawn by seed.
        limit: The most images in all, at most `MAX_IMAGES`; alike many of each identity.
        seed: Of that choice, and of the methods that draw.

    Raises:
        DataError: Fewer than two unseen identities, or too few images to have neighbours.
    """
    decoded = decode(choose(images, system.unseen, identities, limit, seed), system.spec)
    labels = decoded.source.labels()
    pixels = decoded.pixels.reshape(len(labels), -1) / 255.0
    embeddings = system.embed(decoded.pixels).astype(np.float64)
    by_pixels = projections(pixels, labels, seed)
    return Map(
        system=system.name,
        data=images.name,
        seed=seed,
        identities=decoded.source.identities,
        identity=tuple(labels.tolist()),
        neighbours=NEIGHBOURS,
        pixels_accuracy=neighbour_accuracy(pixels, labels),
        embedding_accuracy=neighbour_accuracy(embeddings, labels),
        panels=(
            *(
                _panel(ENCODER.format(name), "embedding", p, embeddings, labels)
                for name, p in unfolded(embeddings, seed).items()
            ),
            *(_panel(name, "pixels", p, pixels, labels) for name, p in by_pixels.items()),
        ),
    )


def choose(
    images: ImageSet, unseen: tuple[str, ...], identities: int, limit: int, seed: int
) -> ImageSet:
    """Alike many images of some of the unseen identities.

    Raises:
        DataError: Fewer than two identities, or too few or too many images.
    """
    count = min(identities, len(unseen))
    if count < 2:  # noqa: PLR2004 (one has no impostor)
        raise DataError(f"{images.name}: a map needs at least 2 identities that were not seen")
    if limit > MAX_IMAGES:
        raise DataError(f"a map shows at most {MAX_IMAGES} images, not {limit}")
    drawn = np.random.default_rng(seed).choice(len(unseen), count, replace=False)
    chosen = images.of((unseen[i] for i in drawn), max(1, limit // count))
    if len(chosen) <= 2 * NEIGHBOURS:
        raise DataError(
            f"{images.name}: a map of {len(chosen)} images says nothing; raise --images, or bring "
            "more images of identities that were not seen"
        )
    return chosen


def neighbour_accuracy(features: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """How often an image's nearest neighbours, itself left out, vote for its identity.

    Args:
        features: (images, any).
        labels: (images,).
    """
    voters = KNeighborsClassifier(NEIGHBOURS).fit(features, labels)
    return float(np.mean(voters.predict(None) == labels))


def _panel(
    method: str,
    reduced: str,
    projection: Projection,
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> Panel:
    kept = trustworthiness(features, projection.points, n_neighbors=NEIGHBOURS)
    scale = np.abs(projection.points).max() or 1.0
    points = np.round(projection.points / scale, _DECIMALS).tolist()
    return Panel(
        method=method,
        reduced=reduced,
        accuracy=neighbour_accuracy(projection.points, labels),
        trustworthiness=float(kept),
        notes=projection.notes,
        points=tuple((x, y) for x, y in points),
    )
