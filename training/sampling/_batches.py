"""Batches of pairs, as `balanced_pairs` and `listed_pairs` draw them."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def check_pairs_per_epoch(pairs_per_epoch: int) -> None:
    """Raise a ValueError for an epoch without room for a pair of each kind."""
    if pairs_per_epoch < 2:  # noqa: PLR2004 (one of each)
        raise ValueError("an epoch needs at least one genuine and one impostor pair")


def shuffled_pairs(
    genuine: Indices, impostor: Indices, batch_size: int, rng: np.random.Generator
) -> Indices:
    """Shuffle pairs, each (pairs, 2), into batches in which images 2k and 2k + 1 form a pair."""
    shuffled = rng.permutation(np.concatenate([genuine, impostor]), axis=0)
    steps = max(1, 2 * len(shuffled) // batch_size)
    return np.resize(shuffled.reshape(-1), (steps, batch_size - batch_size % 2))
