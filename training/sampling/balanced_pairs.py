"""Genuine and impostor pairs in equal number, shuffled, as Chopra, Hadsell, LeCun 2005 trained."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.sampling._batches import Indices, check_pairs_per_epoch, shuffled_pairs


@dataclass(frozen=True)
class BalancedPairs:
    """The sampler `balanced_pairs`; in a batch, images 2k and 2k + 1 form a pair.

    Attributes:
        pairs_per_epoch: Pairs in an epoch, half of them genuine.

    Raises:
        ValueError: Fewer than two pairs.
    """

    draws_pairs: ClassVar[bool] = True
    pairs_per_epoch: int

    def __post_init__(self) -> None:
        check_pairs_per_epoch(self.pairs_per_epoch)

    def epoch(self, labels: Indices, batch_size: int, rng: np.random.Generator) -> Indices:
        """Draw one epoch; a batch holds batch_size / 2 pairs."""
        half = self.pairs_per_epoch // 2
        genuine, impostor = _genuine(labels, half, rng), _impostor(labels, half, rng)
        return shuffled_pairs(genuine, impostor, batch_size, rng)


def _genuine(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Draw two different images of one identity, each identity equally often."""
    several = [group for group in _members(labels) if len(group) > 1]
    chosen = rng.integers(len(several), size=count)
    return np.array([rng.choice(several[i], size=2, replace=False) for i in chosen])


def _impostor(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Draw images of two different identities, each identity equally often."""
    members = _members(labels)
    left = rng.integers(len(members), size=count)
    right = (left + rng.integers(1, len(members), size=count)) % len(members)
    return np.array(
        [(rng.choice(members[i]), rng.choice(members[j])) for i, j in zip(left, right, strict=True)]
    )


def _members(labels: Indices) -> list[Indices]:
    return [np.flatnonzero(labels == identity) for identity in np.unique(labels)]


build = BalancedPairs
