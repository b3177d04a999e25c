"""Objective of a training: embeddings of images, or energies of pairs.

The trainer's loop is the same for both. The objective decides the network's outputs on a batch, the
labels that the loss reads with them, and how the network is measured.
"""

from functools import partial

import torch
from torch import Tensor, nn

from model.manifest import Metric
from training.data.decoding import DecodedImages
from training.errors import ConfigError
from training.fit import divergence
from training.inference import binary_codes
from training.inference.comparer import PairComparer
from training.inference.pytorch import embed, score
from training.metrics.pair_sample import PairBound
from training.metrics.pairs import PairEnergies, all_pairs
from training.networks._pair import PairNetwork

_EPOCH_SAMPLE = PairBound(genuine=1500, impostor=1500)
"""Pairs that a pair model is measured on after each epoch; an export measures more."""


class EmbeddingObjective:
    """Objective whose loss reads embeddings, (images, dim), and identities, (images,)."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric

    def outputs(self, network: nn.Module, images: Tensor) -> Tensor:
        """Embed a batch, (images, C, H, W): the first argument of the loss."""
        embeddings: Tensor = network(images)
        return embeddings

    def labels(self, identities: Tensor) -> Tensor:
        """Return the second argument of the loss: the identities."""
        return identities

    def pairs(
        self, network: nn.Module, images: DecodedImages, device: torch.device
    ) -> PairEnergies:
        """Compare every pair of some images.

        Raises:
            DivergedError: An embedding is not finite.
        """
        outputs = embed(network, images.pixels, device)
        divergence.check_finite(outputs)
        source, embeddings = images.source, binary_codes.as_compared(outputs, self.metric)
        return all_pairs(embeddings, source.labels(), self.metric, source.listed_rows())

    def check_spread(self, network: nn.Module, images: DecodedImages, device: torch.device) -> None:
        """Check that the network has not collapsed.

        Raises:
            CollapsedError: All images get nearly the same embedding.
        """
        outputs = embed(network, images.pixels, device)
        divergence.check_spread(binary_codes.as_spread(outputs, self.metric))


class PairObjective:
    """Objective whose loss reads energies, (pairs,), and labels, (pairs,): 0 genuine, 1 impostor.

    Rows 2k and 2k + 1 of a batch are a pair, as the sampler `balanced_pairs` draws them.
    """

    def outputs(self, network: nn.Module, images: Tensor) -> Tensor:
        """Compare the pairs of a batch, (images, C, H, W): the first argument of the loss."""
        energies: Tensor = network(images[0::2], images[1::2])
        return energies

    def labels(self, identities: Tensor) -> Tensor:
        """Return the second argument of the loss: the labels of the pairs."""
        return (identities[0::2] != identities[1::2]).long()

    def pairs(
        self, network: PairNetwork, images: DecodedImages, device: torch.device
    ) -> PairEnergies:
        """Compare a sample of the pairs of some images.

        Raises:
            DivergedError: An energy is not finite.
        """
        source = images.source
        comparer = PairComparer(partial(score, network, device=device), _EPOCH_SAMPLE)
        pairs = comparer.pairs(images.pixels, source.labels(), source.listed_rows())
        divergence.check_finite(pairs.all_energies)
        return pairs

    def check_spread(
        self, network: PairNetwork, images: DecodedImages, device: torch.device
    ) -> None:
        """Check that the network has not collapsed.

        Raises:
            CollapsedError: All pairs get nearly the same energy.
        """
        divergence.check_energies(self.pairs(network, images, device).all_energies)


Objective = EmbeddingObjective | PairObjective


def objective_of(metric: Metric, network: nn.Module) -> Objective:
    """Return the objective of a config's metric.

    Raises:
        ConfigError: The network is of the other kind.
    """
    compares = isinstance(network, PairNetwork)
    if metric is Metric.NONE and not compares:
        raise ConfigError(
            "the metric none is for networks of pairs, such as two_channel; this network makes "
            "embeddings: set the metric to l1, l2 or hamming"
        )
    if compares and metric is not Metric.NONE:
        raise ConfigError(
            f"this network compares pairs and makes no embeddings that {metric} could compare: "
            "set the metric to none"
        )
    return PairObjective() if compares else EmbeddingObjective(metric)
