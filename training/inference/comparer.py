"""Comparison of decoded images: through their embeddings, or pair by pair."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.manifest import Metric
from model.scoring import Energies, Vectors, energy
from training.inference.onnx_runtime import OnnxEncoder, OnnxScorer
from training.metrics.pair_sample import PairBound, sample_pairs
from training.metrics.pairs import PairEnergies, all_pairs, compared_pairs
from training.stages import SILENT, Stages

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]

_PAIRS_IN_A_PART = 512


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
        """Energies of the pairs of images `left[k]` and `right[k]`, (pairs,)."""
        embeddings = self.embed(pixels)
        return energy(self.metric, embeddings[left], embeddings[right])

    def pairs(self, pixels: Pixels, labels: Indices, listed: Indices | None = None) -> PairEnergies:
        """Compare every pair of images with the subjects `labels`, (images,); see `all_pairs`."""
        return all_pairs(self.embed(pixels), labels, self.metric, listed)


@dataclass(frozen=True)
class PairComparer:
    """Comparison by a pair network: one run for each pair of a bounded sample.

    Attributes:
        score: First and second images, each uint8 (pairs, H, W, C), to energies, (pairs,).
        bound: Maximum number of sampled pairs.
    """

    score: Callable[[Pixels, Pixels], Energies]
    bound: PairBound = field(default_factory=PairBound)
    metric: ClassVar[Metric] = Metric.NONE

    def energies(self, pixels: Pixels, left: Indices, right: Indices) -> Energies:
        """Energies of pairs, (pairs,); in parts, since each pair holds two whole images."""
        parts = [slice(i, i + _PAIRS_IN_A_PART) for i in range(0, len(left), _PAIRS_IN_A_PART)]
        return np.concatenate(
            [self.score(pixels[left[part]], pixels[right[part]]) for part in parts]
        )

    def pairs(self, pixels: Pixels, labels: Indices, listed: Indices | None = None) -> PairEnergies:
        """Compare a sample of the pairs, or the listed ones; see `all_pairs`."""
        left, right = sample_pairs(labels, self.bound) if listed is None else listed.T
        return compared_pairs(labels, left, right, self.energies(pixels, left, right))


Comparer = EmbeddingComparer | PairComparer


def graph_comparer(onnx: bytes, metric: Metric, stages: Stages = SILENT) -> Comparer:
    """Return the comparer of a bundle's graph, in ONNX Runtime; its runs are counted."""
    if metric is Metric.NONE:
        return PairComparer(OnnxScorer(onnx, stages).score)
    return EmbeddingComparer(OnnxEncoder(onnx, stages).embed, metric)
