"""Contenders that take turns, round after round, and the ratios between them.

What disturbs a machine for a while then disturbs all of them alike, and the median round is free
of it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.load.wrk import Load
from benchmarks.servers.ceiling import Ceiling
from benchmarks.servers.server import Server


@dataclass(frozen=True)
class Turn:
    """One round of one contender.

    `per_cpu_second` counts the processor time of the contender alone, which says what a request
    costs even where others use the machine at the same time. `load` is None of a plain loop.
    """

    per_second: float
    per_cpu_second: float
    load: Load | None = None


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, with the least and the greatest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


Contender = Callable[[], Turn]


def without(waiting: Server, contender: Contender) -> Contender:
    """A contender whose turns find another server held still.

    Not every server that waits is idle: one whose processes look for work all the time takes it
    from the core that both have.
    """

    def turn() -> Turn:
        with waiting.held():
            return contender()

    return turn


def alternate(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[Turn]]:
    """Let the contenders take turns, in their order."""
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            turns[name].append(contender())
    return turns


def ratio(over: Sequence[Turn], under: Sequence[Turn]) -> Spread:
    """The ratio of requests a second, round by round."""
    return Spread.of(
        [one.per_second / other.per_second for one, other in zip(over, under, strict=True)]
    )


def cpu_ratio(over: Sequence[Turn], under: Sequence[Turn]) -> Spread:
    """The ratio of requests for each second of processor time, round by round."""
    return Spread.of(
        [one.per_cpu_second / other.per_cpu_second for one, other in zip(over, under, strict=True)]
    )


def rate(turns: Sequence[Turn]) -> Spread:
    """Requests a second."""
    return Spread.of([turn.per_second for turn in turns])


def of_ceiling(ceiling: Ceiling, seconds: float) -> Contender:
    """The plain loop as a contender."""

    def turn() -> Turn:
        done = ceiling.run(seconds)
        return Turn(done.per_second, done.per_cpu_second)

    return turn


def of_server(server: Server, load: Callable[[], Load]) -> Contender:
    """A server under a load as a contender."""

    def turn() -> Turn:
        before = server.cpu_seconds()
        seen = load()
        used = max(server.cpu_seconds() - before, 1e-9)
        return Turn(seen.per_second, seen.requests / used, seen)

    return turn
