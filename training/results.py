"""docs/results.md: every committed record beside its bar and its paper."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from training.config import TrainingConfig
from training.figures import Figure, Target
from training.record import Record
from training.templating import percent, render
from training.variants import targets_of

_SEEDS_FOR_A_SPREAD = 2


@dataclass(frozen=True)
class Row:
    """One figure of one config, over its seeds."""

    name: str
    values: tuple[float, ...]
    standard_error: float | None
    trials: int
    target: Target | None

    @property
    def value(self) -> str:
        """The mean, with its spread over seeds or else the protocol's own standard error."""
        mean = percent(statistics.fmean(self.values))
        if len(self.values) >= _SEEDS_FOR_A_SPREAD:
            return (
                f"{mean} ± {percent(statistics.stdev(self.values))} (sd, {len(self.values)} seeds)"
            )
        if self.standard_error is not None:
            return f"{mean} ± {percent(self.standard_error)} (se)"
        return mean

    @property
    def bar(self) -> str:
        """Our bar, in words."""
        if self.target is None:
            return ""
        if self.target.at_most is not None:
            return f"≤ {percent(self.target.at_most)}"
        return "" if self.target.at_least is None else f"≥ {percent(self.target.at_least)}"

    @property
    def verdict(self) -> str:
        """Whether the mean reaches the bar."""
        met = None if self.target is None else self.target.is_met(statistics.fmean(self.values))
        return {True: "met", False: "**missed**", None: ""}[met]


@dataclass(frozen=True)
class Section:
    """One config's results."""

    config: TrainingConfig
    records: tuple[Record, ...]
    rows: tuple[Row, ...]

    @property
    def anchor(self) -> str:
        """Of its heading: a page's headings are known without the points in them."""
        return self.records[0].title.replace(".", "")

    @property
    def minutes(self) -> float:
        """The mean training time."""
        return statistics.fmean(record.training_seconds for record in self.records) / 60


def sections(records: Iterable[Record]) -> tuple[Section, ...]:
    """The records by config, each with its figures over the seeds."""
    by_title = sorted(records, key=lambda record: (record.title, record.seed))
    grouped = groupby(by_title, key=lambda record: record.title)
    return tuple(_section(tuple(group)) for _, group in grouped)


def render_results(records: Iterable[Record]) -> str:
    """The page, Markdown; every figure in it is a record's."""
    return render("results.md.j2", sections=sections(records))


def _section(records: tuple[Record, ...]) -> Section:
    config = records[-1].config
    targets = {target.figure: target for target in targets_of(config)}
    names = dict.fromkeys(figure.name for record in records for figure in record.figures)
    rows = tuple(_row(name, records, targets.get(name)) for name in names)
    return Section(config, records, rows)


def _row(name: str, records: tuple[Record, ...], target: Target | None) -> Row:
    found: list[Figure] = [f for record in records for f in record.figures if f.name == name]
    return Row(
        name=name,
        values=tuple(figure.value for figure in found),
        standard_error=found[-1].standard_error,
        trials=found[-1].trials,
        target=target,
    )
