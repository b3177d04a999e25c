"""Every image once an epoch, in random order, with a maximum per identity."""

from dataclasses import dataclass

import numpy as np

from training.sampling._batches import Indices


@dataclass(frozen=True)
class Shuffled:
    """The sampler `shuffled`, for losses that compare images with a prototype of each identity.

    Attributes:
        per_identity: Maximum images of one identity in an epoch, drawn again each epoch.
        images: Minimum images in an epoch: a small data set is repeated.

    Raises:
        ValueError: A number that is too small.
    """

    per_identity: int = 1_000_000
    images: int = 1

    def __post_init__(self) -> None:
        if self.per_identity < 1 or self.images < 1:
            raise ValueError("per_identity and images must be at least 1")

    def epoch(self, labels: Indices, batch_size: int, rng: np.random.Generator) -> Indices:
        """Draw one epoch; a remainder that does not fill a batch is dropped."""
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


build = Shuffled
