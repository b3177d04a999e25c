"""Contenders that alternate round by round, and the ratios between them.

A temporary disturbance of the machine then affects all contenders alike, and the median round is
free of it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.load.wrk import Load
from benchmarks.servers.ceiling import Ceiling
from benchmarks.servers.server import Server


@dataclass(frozen=True)
class Turn:
    """One round of one contender.

    `per_cpu_second` counts the processor time of the contender alone, so it measures the cost of a
    request even while others use the machine. `load` is None for a plain loop.
    """

    per_second: float
    per_cpu_second: float
    load: Load | None = None

    @classmethod
    def mean(cls, turns: Sequence[Turn]) -> Turn:
        """Return the mean of turns of equal length, with the load of the last."""
        return cls(
            statistics.fmean(turn.per_second for turn in turns),
            statistics.harmonic_mean([turn.per_cpu_second for turn in turns]),
            turns[-1].load,
        )


@dataclass(frozen=True)
class Spread:
    """Median of the rounds, with minimum and maximum."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


Contender = Callable[[], Turn]


def pausing(other: Server, contender: Contender) -> Contender:
    """Return a contender that pauses another server during its turns.

    A waiting server is not always idle: one that polls for work takes processor time from the core
    that both share.
    """

    def turn() -> Turn:
        with other.paused():
            return contender()

    return turn


def alternate(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[Turn]]:
    """Run the contenders in turns, and return the turns of each.

    Every other round is in the opposite order: what a turn leaves behind affects the next one.
    """
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    order = list(contenders)
    for _ in range(rounds):
        for name in order:
            turns[name].append(contenders[name]())
        order.reverse()
    return turns


def ratio(over: Sequence[Turn], under: Sequence[Turn]) -> Spread:
    """Ratio of requests per second, round by round."""
    return Spread.of(
        [one.per_second / other.per_second for one, other in zip(over, under, strict=True)]
    )


def cpu_ratio(over: Sequence[Turn], under: Sequence[Turn]) -> Spread:
    """Ratio of requests per second of processor time, round by round."""
    return Spread.of(
        [one.per_cpu_second / other.per_cpu_second for one, other in zip(over, under, strict=True)]
    )


def median_at_most(values: Sequence[float], error: float = 0.05) -> float:
    """Upper confidence bound of the median of what values are drawn from, by an order statistic.

    Exact for any distribution (David and Nagaraja 2003, section 7.1). With too few values for the
    stated error, the largest one.

    Args:
        values: At least one, independent.
        error: Probability that the bound is below the median, at most.
    """
    ordered, count = sorted(values), len(values)
    # The k-th smallest is below the median where k or more values are.
    below, kth = 0.0, count
    while kth > 1 and (below := below + math.comb(count, kth) / 2**count) <= error:
        kth -= 1
    return ordered[min(kth, count - 1)]


def rate(turns: Sequence[Turn]) -> Spread:
    """Requests per second."""
    return Spread.of([turn.per_second for turn in turns])


def of_ceiling(ceiling: Ceiling, seconds: float) -> Contender:
    """Return the plain loop as a contender."""

    def turn() -> Turn:
        done = ceiling.run(seconds)
        return Turn(done.per_second, done.per_cpu_second)

    return turn


def of_server(server: Server, load: Callable[[], Load]) -> Contender:
    """Return a server under a load as a contender."""

    def turn() -> Turn:
        before = server.cpu_seconds()
        seen = load()
        used = max(server.cpu_seconds() - before, 1e-9)
        return Turn(seen.per_second, seen.requests / used, seen)

    return turn
