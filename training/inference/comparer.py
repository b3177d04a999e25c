"""Comparison of images: through their embeddings, or pair by pair.

A `Comparer` hides which of the two it is, and whether PyTorch or ONNX Runtime runs the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric
from model.scoring import Energies, Vectors, energy
from training.inference.onnx_runtime import OnnxEncoder, OnnxScorer
from training.metrics.pair_sample import PairBound, sample_pairs
from training.metrics.pairs import PairEnergies, all_pairs, compared_pairs

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]

_PAIRS_IN_A_PART = 512


class Comparer(Protocol):
    """Energies of decoded images, uint8 (images, H, W, C)."""

    @property
    def metric(self) -> Metric:
        """Metric of the energy; `none` where the network itself gives it."""
        ...

    def energies(self, pixels: Pixels, left: Indices, right: Indices) -> Energies:
        """Energies of the pairs of images `left[k]` and `right[k]`, (pairs,)."""
        ...

    def pairs(self, pixels: Pixels, labels: Indices, listed: Indices | None = None) -> PairEnergies:
        """Genuine and impostor pairs of images with the subjects `labels`, (images,).

        `listed` holds the rows of the only pairs whose kind is known, (pairs, 2); None for all.

        Raises:
            DataError: No genuine or no impostor pairs, or too many images.
        """
        ...


@dataclass(frozen=True)
class EmbeddingComparer:
    """Comparison by embeddings: one run of the network for each image.

    Attributes:
        embed: uint8 (images, H, W, C) to (images, dim).
        metric: Of the embeddings.
    """

    embed: Callable[[Pixels], Vectors]
    metric: Metric

    def energies(self, pixels: Pixels, left: Indices, right: Indices) -> Energies:
        """See `Comparer.energies`."""
        embeddings = self.embed(pixels)
        return energy(self.metric, embeddings[left], embeddings[right])

    def pairs(self, pixels: Pixels, labels: Indices, listed: Indices | None = None) -> PairEnergies:
        """Every pair; see `Comparer.pairs`."""
        return all_pairs(self.embed(pixels), labels, self.metric, listed)


@dataclass(frozen=True)
class PairComparer:
    """Comparison by a pair network: one run for each pair of a bounded sample.

    Attributes:
        score: First and second images, each uint8 (pairs, H, W, C), to energies, (pairs,).
        bound: The most pairs that are sampled.
        metric: `none`.
    """

    score: Callable[[Pixels, Pixels], Energies]
    bound: PairBound = field(default_factory=PairBound)
    metric: Metric = field(default=Metric.NONE, init=False)

    def energies(self, pixels: Pixels, left: Indices, right: Indices) -> Energies:
        """See `Comparer.energies`; in parts, since each pair holds two whole images."""
        parts = [slice(i, i + _PAIRS_IN_A_PART) for i in range(0, len(left), _PAIRS_IN_A_PART)]
        return np.concatenate(
            [self.score(pixels[left[part]], pixels[right[part]]) for part in parts]
        )

    def pairs(self, pixels: Pixels, labels: Indices, listed: Indices | None = None) -> PairEnergies:
        """A sample of the pairs; see `Comparer.pairs`."""
        left, right = sample_pairs(labels, self.bound) if listed is None else listed.T
        return compared_pairs(labels, left, right, self.energies(pixels, left, right))


def graph_comparer(onnx: bytes, metric: Metric) -> Comparer:
    """Return the comparer of a bundle's graph, in ONNX Runtime."""
    if metric is Metric.NONE:
        return PairComparer(OnnxScorer(onnx).score)
    return EmbeddingComparer(OnnxEncoder(onnx).embed, metric)
