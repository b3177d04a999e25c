"""Genuine and impostor pairs in equal number, shuffled, as Chopra, Hadsell, LeCun 2005 trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class BalancedPairs:
    """Draws pairs; in a batch, images 2k and 2k + 1 form a pair.

    Attributes:
        pairs_per_epoch: How many pairs an epoch holds, half of them genuine.
    """

    draws_pairs: ClassVar[bool] = True
    pairs_per_epoch: int

    def __post_init__(self) -> None:
        if self.pairs_per_epoch < 2:  # noqa: PLR2004 (one of each)
            raise ValueError("an epoch needs at least one genuine and one impostor pair")

    def epoch(self, labels: Indices, batch_size: int, rng: np.random.Generator) -> Indices:
        """Draw one epoch.

        Args:
            labels: Each image's identity, shape (images,).
            batch_size: Images in a batch: twice its pairs.
            rng: The epoch's own generator.

        Returns:
            Indices into the images, shape (steps, batch_size).
        """
        half = self.pairs_per_epoch // 2
        pairs = np.concatenate([_genuine(labels, half, rng), _impostor(labels, half, rng)])
        shuffled = rng.permutation(pairs, axis=0)
        steps = max(1, 2 * len(shuffled) // batch_size)
        return np.resize(shuffled.reshape(-1), (steps, batch_size - batch_size % 2))


def _genuine(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Two different images of one identity, each identity alike often."""
    members = [np.flatnonzero(labels == identity) for identity in np.unique(labels)]
    several = [group for group in members if len(group) > 1]
    chosen = rng.integers(len(several), size=count)
    return np.array([rng.choice(several[i], size=2, replace=False) for i in chosen])


def _impostor(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Images of two different identities, each identity alike often."""
    members = [np.flatnonzero(labels == identity) for identity in np.unique(labels)]
    left = rng.integers(len(members), size=count)
    right = (left + rng.integers(1, len(members), size=count)) % len(members)
    return np.array(
        [(rng.choice(members[i]), rng.choice(members[j])) for i, j in zip(left, right, strict=True)]
    )


def build(pairs_per_epoch: int) -> BalancedPairs:
    """The sampler `balanced_pairs`."""
    return BalancedPairs(pairs_per_epoch)
