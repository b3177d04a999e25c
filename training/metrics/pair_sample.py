"""Bounded, seeded sample of pairs, for networks that run once for each pair.

The millions of pairs among a few thousand images are too many for a pair model.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

_LIST_UP_TO = 4
"""Impostor pairs are listed before the draw up to this multiple of the wanted number."""


@dataclass(frozen=True)
class PairBound:
    """The most pairs of either kind that are compared, and the seed of their draw."""

    genuine: int = 10_000
    impostor: int = 20_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.genuine < 1 or self.impostor < 1:
            raise ValueError("a sample needs at least one genuine and one impostor pair")


def sample_pairs(labels: Indices, bound: PairBound) -> tuple[Indices, Indices]:
    """Draw unordered pairs of different images, none twice; all of a kind within its bound.

    Returns:
        The pairs' first and second images, each (pairs,), genuine pairs first.
    """
    rng = np.random.default_rng(bound.seed)
    genuine = _at_most(_genuine(labels), bound.genuine, rng)
    impostor = _impostor(labels, bound.impostor, rng)
    left, right = np.concatenate([genuine, impostor]).T
    return left, right


def _genuine(labels: Indices) -> Indices:
    """List all pairs of two images of one subject, (pairs, 2)."""
    found = [np.empty((0, 2), dtype=np.int64)]
    for subject in np.unique(labels):
        members = np.flatnonzero(labels == subject)
        found.append(members[np.stack(np.triu_indices(len(members), k=1), axis=1)])
    return np.concatenate(found)


def _impostor(labels: Indices, max_pairs: int, rng: np.random.Generator) -> Indices:
    """Draw pairs of images of two subjects, each pair equally likely, (pairs, 2)."""
    images = len(labels)
    _, sizes = np.unique(labels, return_counts=True)
    total = (images**2 - int(np.square(sizes).sum())) // 2
    if total <= _LIST_UP_TO * max_pairs:
        pairs = np.stack(np.triu_indices(images, k=1), axis=1)
        return _at_most(pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]], max_pairs, rng)
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < max_pairs:
        pairs = np.sort(rng.integers(images, size=(2 * max_pairs, 2)), axis=1)
        of_two = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]
        drawn = np.unique(np.concatenate([drawn, of_two[:, 0] * images + of_two[:, 1]]))
    codes = np.sort(rng.permutation(drawn)[:max_pairs])
    return np.stack(np.divmod(codes, images), axis=1)


def _at_most(pairs: Indices, max_pairs: int, rng: np.random.Generator) -> Indices:
    if len(pairs) <= max_pairs:
        return pairs
    return pairs[np.sort(rng.choice(len(pairs), max_pairs, replace=False))]
