"""Rates quoted by one half of the people beside those of the other half, whom they never saw."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.schema.fields import Interval
from training.metrics.identification.fpir import Fpir, FpirTable
from training.metrics.identification.searches import Searches

Rate = tuple[float, Interval]


def halves(
    searches: Searches, sizes: tuple[int, ...], splits: int, seed: int
) -> Iterator[tuple[FpirTable, FpirTable]]:
    """Divide the people at random, and yield both halves' tables of each size, split by split.

    Args:
        searches: Of all people.
        sizes: Sizes of galleries, at most half the people less two.
        splits: Number of divisions.
        seed: Of the divisions.
    """
    rng = np.random.default_rng(seed)
    for _ in range(splits):
        order = rng.permutation(searches.people)
        parts = [np.sort(part) for part in np.array_split(order, 2)]
        one, other = (_of_people(searches, part) for part in parts)
        for size in sizes:
            yield FpirTable(one, size), FpirTable(other, size)


def _of_people(searches: Searches, kept: NDArray[np.int64]) -> Searches:
    probes = np.isin(searches.person, kept)
    person = np.searchsorted(kept, searches.person[probes])
    return Searches(person, searches.energies[probes][:, kept])


def agree(one: Rate, other: Rate) -> bool:
    """Return whether two rates of different people may be one and the same, at 95 %.

    The interval of their difference holds 0; it is made of the intervals of both (MOVER; Zou and
    Donner 2008, equation 3).
    """
    (first, (first_low, first_high)), (second, (second_low, second_high)) = one, other
    difference = first - second
    low = difference - math.hypot(first - first_low, second_high - second)
    high = difference + math.hypot(first_high - first, second - second_low)
    return low <= 0 <= high


def rate_of(found: Fpir) -> Rate:
    """Return the rate of a table with its interval."""
    return found.rate, found.interval
