"""Pairs from a list, genuine and impostor in equal number: for data without identities."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from training.errors import DataError
from training.sampling._batches import Indices, check_pairs_per_epoch, shuffled_pairs


@dataclass(frozen=True)
class ListedPairs:
    """Draws listed pairs; in a batch, images 2k and 2k + 1 form a pair.

    Attributes:
        pairs: Rows of the listed pairs' images, (pairs, 2).
        pairs_per_epoch: Pairs in an epoch, half of them genuine.
    """

    draws_pairs: ClassVar[bool] = True
    pairs: Indices
    pairs_per_epoch: int

    def epoch(self, labels: Indices, batch_size: int, rng: np.random.Generator) -> Indices:
        """Draw one epoch; a batch holds batch_size / 2 pairs, genuine where the labels are equal.

        Raises:
            DataError: No genuine or no impostor pair is listed.
        """
        same = labels[self.pairs[:, 0]] == labels[self.pairs[:, 1]]
        if same.all() or not same.any():
            raise DataError(
                "the training part needs genuine and impostor pairs whose images are both in it; "
                "list more pairs"
            )
        half = self.pairs_per_epoch // 2
        genuine, impostor = (_draw(self.pairs[kind], half, rng) for kind in (same, ~same))
        return shuffled_pairs(genuine, impostor, batch_size, rng)


def _draw(pairs: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Draw pairs; each is drawn once before any is drawn again."""
    rounds = -(-count // len(pairs))
    return np.concatenate([rng.permutation(pairs, axis=0) for _ in range(rounds)])[:count]


def build(pairs: Indices | None, pairs_per_epoch: int = 1000) -> ListedPairs:
    """Build the sampler `listed_pairs`; `pairs` is None for data with identities.

    Raises:
        ValueError: The data lists no pairs, or an epoch would hold fewer than two.
    """
    if pairs is None or not len(pairs):
        raise ValueError("the data lists no pairs; give a CSV of path1,path2,label")
    check_pairs_per_epoch(pairs_per_epoch)
    return ListedPairs(pairs, pairs_per_epoch)
