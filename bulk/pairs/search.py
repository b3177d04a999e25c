"""Search for all pairs under a threshold, by FAISS; each energy is then the service's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from bulk.errors import PairsError
from model.manifest import Metric
from model.scoring import energy, is_same

Rows = NDArray[Any]
Places = NDArray[np.int64]

_BLOCK = 1024
_SAMPLED_PAIRS = 200_000
_ROUNDING = 1e-5
"""Of the largest squared length: FAISS computes squared distances from products."""
_LISTS_A_ROOT, _PROBED = 4, 32
_CHECKED_ROWS = 1000


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, each once, with the smaller row at the left.

    Attributes:
        left: (pairs,).
        right: (pairs,).
        energies: float32, (pairs,), none above the threshold.
        recall: Share of the pairs that the search finds, measured on some rows; 1 if it is exact.
    """

    left: Places
    right: Places
    energies: NDArray[np.float32]
    recall: float = 1.0


def check_count(metric: Metric, rows: Rows, threshold: float, most: int, seed: int = 0) -> None:
    """Estimate the number of pairs under a threshold from a sample of all pairs.

    Raises:
        PairsError: There are clearly more than `most`.
    """
    random, count = np.random.default_rng(seed), len(rows)
    if count * (count - 1) // 2 <= most:
        return
    left = random.integers(0, count, _SAMPLED_PAIRS)
    right = (left + random.integers(1, count, _SAMPLED_PAIRS)) % count
    under = sum(
        int(is_same(energy(metric, rows[left[part]], rows[right[part]]), threshold).sum())
        for part in np.array_split(np.arange(_SAMPLED_PAIRS), 64)
    )
    # Three standard errors below: by chance the sample shows too many.
    share = max(0.0, under - 3 * math.sqrt(under)) / _SAMPLED_PAIRS
    expected = share * count * (count - 1) / 2
    if expected > most:
        raise PairsError(
            f"about {expected:,.0f} pairs are under the threshold {threshold:g}; at most {most:,} "
            "are kept: choose a smaller target FMR, or --most"
        )


def exact_pairs(
    metric: Metric, rows: Rows, threshold: float, most: int, advance: Callable[[int], None]
) -> Pairs:
    """Find every pair under a threshold: each row is compared with all rows before it.

    Args:
        metric: Of the embeddings.
        rows: (n, dim), float32, or uint8 of packed bits.
        threshold: Largest energy.
        most: Most pairs that are kept.
        advance: Called with the number of rows that are done.

    Raises:
        PairsError: There are more than `most`.
    """
    index = _index(metric, rows.shape[1])
    radius = _radius(metric, rows, threshold)
    found = _Found(metric, rows, threshold, most)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        index.add(block)
        limits, _, hits = index.range_search(block, radius)
        found.take(start, limits, hits)
        advance(len(block))
    return found.pairs()


def ivf_pairs(rows: Rows, threshold: float, most: int, advance: Callable[[int], None]) -> Pairs:
    """Find nearly all pairs of L2 embeddings: each row is compared with the nearest clusters.

    The recall is measured: some rows are compared with all others as well.

    Args:
        rows: float32 (n, dim).
        threshold: Largest energy.
        most: Most pairs that are kept.
        advance: Called with the number of rows that are done.

    Raises:
        PairsError: There are more than `most`.
    """
    lists = max(1, int(_LISTS_A_ROOT * math.sqrt(len(rows))))
    coarse = faiss.IndexFlatL2(rows.shape[1])
    index = faiss.IndexIVFFlat(coarse, rows.shape[1], lists, faiss.METRIC_L2)
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, 64
    index.train(rows)
    index.add(rows)
    index.nprobe = min(_PROBED, lists)
    radius = _radius(Metric.L2, rows, threshold)
    found = _Found(Metric.L2, rows, threshold, most)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        limits, _, hits = index.range_search(block, radius)
        found.take(start, limits, hits)
        advance(len(block))
    pairs = found.pairs()
    return Pairs(pairs.left, pairs.right, pairs.energies, _recall(rows, threshold, radius, pairs))


def _recall(rows: Rows, threshold: float, radius: float, pairs: Pairs) -> float:
    chosen = np.unique(np.linspace(0, len(rows) - 1, _CHECKED_ROWS).astype(np.int64))
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    limits, _, hits = index.range_search(rows[chosen], radius)
    left = np.repeat(chosen, _counts(limits))
    other = left != hits
    energies = energy(Metric.L2, rows[left[other]], rows[hits[other]])
    true = int(is_same(energies, threshold).sum())
    has = np.isin(pairs.left, chosen).sum() + np.isin(pairs.right, chosen).sum()
    return float(has / true) if true else 1.0


def _index(metric: Metric, dim: int) -> Any:  # noqa: ANN401 (FAISS has no types)
    if metric is Metric.HAMMING:
        return faiss.IndexBinaryFlat(8 * dim)
    kind = faiss.METRIC_L1 if metric is Metric.L1 else faiss.METRIC_L2
    return faiss.IndexFlat(dim, kind)


def _radius(metric: Metric, rows: Rows, threshold: float) -> float:
    """Return FAISS's radius: a little more than the threshold, since energies are checked later."""
    if metric is Metric.HAMMING:
        return math.floor(threshold) + 1
    if metric is Metric.L1:
        return threshold * (1 + _ROUNDING) + _ROUNDING
    longest = float(np.einsum("ij,ij->i", rows, rows).max(initial=1.0))
    return threshold * threshold + _ROUNDING * longest


class _Found:
    """Pairs as they are found."""

    def __init__(self, metric: Metric, rows: Rows, threshold: float, most: int) -> None:
        self._metric, self._rows, self._threshold, self._most = metric, rows, threshold, most
        self._parts: list[tuple[Places, Places, NDArray[np.float32]]] = []
        self._count = 0

    def take(self, start: int, limits: NDArray[Any], hits: Places) -> None:
        """Take the hits of a block of rows that begins at `start`; a pair counts once."""
        right = np.repeat(np.arange(start, start + len(limits) - 1), _counts(limits))
        once = hits < right
        for left, other in _in_parts(hits[once], right[once]):
            energies = energy(self._metric, self._rows[left], self._rows[other])
            same = is_same(energies, self._threshold)
            self._parts.append((left[same], other[same], energies[same]))
            self._count += int(same.sum())
        if self._count > self._most:
            raise PairsError(
                f"more than {self._most:,} pairs are under the threshold {self._threshold:g}: "
                "choose a smaller target FMR, or --most"
            )

    def pairs(self) -> Pairs:
        """Return all of them."""
        if not self._parts:
            none = np.empty(0, np.int64)
            return Pairs(none, none, np.empty(0, np.float32))
        left, right, energies = (np.concatenate(each) for each in zip(*self._parts, strict=True))
        return Pairs(left, right, energies)


def _counts(limits: NDArray[Any]) -> Places:
    """Return the number of hits of each row, of which the limits are the sums."""
    counts: Places = (limits[1:] - limits[:-1]).astype(np.int64)
    return counts


def _in_parts(left: Places, right: Places) -> Iterator[tuple[Places, Places]]:
    for start in range(0, len(left), 65_536):
        yield left[start : start + 65_536], right[start : start + 65_536]
