"""The system under test: a bundle's graph, with the data set and split that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.manifest import InputSpec, Metric
from model.scoring import Vectors
from training import registry
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.data.subsample import bounded
from training.errors import ConfigError, DataError
from training.evaluation.measured_value import MeasuredValue
from training.inference.comparer import Comparer, EmbeddingComparer, PairComparer
from training.inference.onnx_runtime import OnnxEncoder, OnnxScorer
from training.metrics.pairs import PairEnergies
from training.registry import Component, Part


@dataclass(frozen=True)
class SystemUnderTest:
    """What a protocol measures.

    Attributes:
        encoder: The bundle's graph in ONNX Runtime.
        spec: Its input.
        metric: Its energy.
        images: The whole data set that it was trained from.
        split: Which identities (or images) it was trained, calibrated and tested on.
        data: Where the data set lies, for protocols whose lists lie beside it.
        scorer: The bundle's graph as a comparer of pairs, where the metric is `none`.
        activations: The bundle's graph before its signs, where it gives codes.
    """

    encoder: OnnxEncoder
    spec: InputSpec
    metric: Metric
    images: ImageSet
    split: DataSplit
    data: Path
    scorer: OnnxScorer | None = None
    activations: OnnxEncoder | None = None

    @property
    def comparer(self) -> Comparer:
        """What compares two images, whichever kind of system it is."""
        if self.scorer is not None:
            return PairComparer(self.scorer.score)
        return EmbeddingComparer(self.encoder.embed, self.metric)

    def pairs(self, images: ImageSet, images_per_identity: int) -> PairEnergies:
        """Compare some images: every pair, or of a pair model a seeded sample.

        Args:
            images: Of identities that the protocol measures.
            images_per_identity: The most of one identity.

        Raises:
            DataError: No genuine or no impostor pairs among them.
        """
        decoded = decode(bounded(images, images_per_identity), self.spec)
        source = decoded.source
        return self.comparer.pairs(decoded.pixels, source.labels(), source.listed_rows())

    @property
    def trained(self) -> ImageSet:
        """The images that it was trained on."""
        return self.split.take(self.images, "train")

    @property
    def tested(self) -> ImageSet:
        """The images of the test part."""
        return self.split.take(self.images, "test")

    def measure(self, protocols: Iterable[Component]) -> Iterator[MeasuredValue]:
        """The figures of some protocols, in order.

        Raises:
            ConfigError: A protocol that does not exist, or an option that it does not have.
            DataError: The data set is not one that a protocol can be measured on.
        """
        for component in protocols:
            yield from registry.build(Part.PROTOCOL, component)(self)

    def embed(self, images: ImageSet) -> tuple[Vectors, NDArray[np.int64]]:
        """Embed some images.

        Returns:
            The embeddings, (images, dim), in the images' order, and each one's identity as an index
            into `images.identities`, (images,).

        Raises:
            DataError: An image cannot be read: a protocol without it would be another protocol.
            ConfigError: The system compares pairs, and has no embeddings.
        """
        if self.scorer is not None:
            raise ConfigError(
                "this protocol needs embeddings, which a pair model does not have; choose one that "
                "measures pairs, such as fpr95"
            )
        return self._run(self.encoder, images)

    def embed_unpacked(self, images: ImageSet) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The activations whose signs are an image's code.

        Returns:
            Activations, float32 (images, bits), and identities as in `embed`.

        Raises:
            DataError: An image cannot be read.
            ConfigError: The system has no codes.
        """
        if self.activations is None:
            raise ConfigError(
                "this protocol needs codes and the activations behind them; it is for the metric "
                f"hamming, and this system's is {self.metric}"
            )
        activations, labels = self._run(self.activations, images)
        return activations.astype(np.float32, copy=False), labels

    def _run(self, graph: OnnxEncoder, images: ImageSet) -> tuple[Vectors, NDArray[np.int64]]:
        decoded = decode(images, self.spec)
        if len(decoded.source) < len(images):
            raise DataError(f"{images.name}: an image of the protocol cannot be read")
        return graph.embed(decoded.pixels), decoded.source.labels()
