"""Every image once an epoch, in random order; of one identity at most a few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Shuffled:
    """Draws each image once, for losses that compare with a prototype of each identity.

    Attributes:
        per_identity: The most images of one identity in an epoch, drawn anew each epoch.
        images: The fewest images in an epoch: a small data set is gone through several times.
    """

    per_identity: int
    images: int

    def __post_init__(self) -> None:
        if self.per_identity < 1 or self.images < 1:
            raise ValueError("per_identity and images must be at least 1")

    def epoch(self, labels: Indices, batch_size: int, rng: np.random.Generator) -> Indices:
        """Draw one epoch.

        Args:
            labels: Each image's identity, shape (images,).
            batch_size: Images in a batch; a rest that does not fill one is left to another epoch.
            rng: The epoch's own generator.

        Returns:
            Indices into the images, shape (steps, batch_size).
        """
        once = self._once(labels, rng)
        repeats = -(-self.images // len(once))
        order = np.concatenate([once, *(self._once(labels, rng) for _ in range(repeats - 1))])
        steps = max(1, len(order) // batch_size)
        return np.resize(order, (steps, batch_size))

    def _once(self, labels: Indices, rng: np.random.Generator) -> Indices:
        order = rng.permutation(len(labels))
        rank = np.empty(len(labels), dtype=np.int64)
        for identity in np.unique(labels):
            members = order[labels[order] == identity]
            rank[members] = np.arange(len(members))
        return order[rank[order] < self.per_identity]


def build(per_identity: int = 1_000_000, images: int = 1) -> Shuffled:
    """The sampler `shuffled`."""
    return Shuffled(per_identity, images)
