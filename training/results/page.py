"""docs/results.md and its plots: every committed record beside its bar and its paper."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

from training.config.named import config_names, load_config
from training.config.schema import TrainingConfig
from training.config.target import Target
from training.config.variants import targets_of
from training.errors import RunError
from training.evaluation.measured_value import MeasuredValue
from training.metrics.det import DetCurve
from training.results.plots import Dot, bars_svg, det_svg
from training.results.record import Record
from training.templates.render import percent, render

_SEEDS_FOR_A_SPREAD = 2
_BARS = "bars.svg"


@dataclass(frozen=True)
class Row:
    """One figure of one config.

    Attributes:
        name: The figure's.
        figure: As the config's own seed has it, or, where that has not, the first seed that has.
        values: Of all seeds, by rising seed.
        target: What it is held against, if anything.
    """

    name: str
    figure: MeasuredValue
    values: tuple[float, ...]
    target: Target | None

    @property
    def mean(self) -> float:
        """Over the seeds; what is held against the bar."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the seeds; None of one seed."""
        return statistics.stdev(self.values) if len(self.values) >= _SEEDS_FOR_A_SPREAD else None

    @property
    def measured(self) -> str:
        """The figure of one seed, with its protocol's own standard error if it has one."""
        error = self.figure.standard_error
        value = percent(self.figure.value)
        return value if error is None else f"{value} ± {percent(error)} (se)"

    @property
    def over_seeds(self) -> str:
        """The mean with its standard deviation; empty of one seed."""
        if self.deviation is None:
            return ""
        return f"{percent(self.mean)} ± {percent(self.deviation)} ({len(self.values)})"

    @property
    def limit(self) -> float | None:
        """Our bar, of the figure's own kind."""
        if self.target is None:
            return None
        error, accuracy = self.target.at_most, self.target.at_least
        return accuracy if error is None else error

    @property
    def bar(self) -> str:
        """Our bar, in words."""
        if self.target is None or self.limit is None:
            return ""
        return f"{'≤' if self.target.at_least is None else '≥'} {percent(self.limit)}"

    @property
    def met(self) -> bool | None:
        """Whether the mean reaches the bar; None where there is none."""
        return None if self.target is None else self.target.is_met(self.mean)

    @property
    def verdict(self) -> str:
        """The same, in words."""
        return {True: "met", False: "**missed**", None: ""}[self.met]

    @property
    def published(self) -> str:
        """What others reached."""
        return "" if self.target is None else self.target.published

    @property
    def stands_beside_something(self) -> bool:
        """Whether there is a bar or a published figure."""
        return bool(self.bar or self.published)


@dataclass(frozen=True)
class Section:
    """One config's results; its records by rising seed."""

    config: TrainingConfig
    records: tuple[Record, ...]
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """What was run."""
        return self.records[0].title

    @property
    def data(self) -> str:
        """On what."""
        return self.records[0].data

    @property
    def anchor(self) -> str:
        """Of its heading: a page's headings are known without the points in them."""
        return self.records[0].title.replace(".", "")

    @property
    def minutes(self) -> float:
        """The mean training time."""
        return statistics.fmean(record.training_seconds for record in self.records) / 60

    @property
    def curves(self) -> tuple[DetCurve, ...]:
        """The DET curve of each seed that has one."""
        return tuple(record.det for record in self.records if record.det is not None)

    @cached_property
    def commands(self) -> tuple[str, ...]:
        """What made the records, each command once, in the order of the seeds."""
        made = (c for r in self.records for c in (r.train_command, r.record_command))
        return tuple(dict.fromkeys(made))


@dataclass(frozen=True)
class Plot:
    """A plot of the page.

    Attributes:
        file: Its file's name.
        alt: What it is, to who cannot see it.
        caption: What is to be known to read it.
        svg: The plot.
    """

    file: str
    alt: str
    caption: str
    svg: str


@dataclass(frozen=True)
class DataSet:
    """The results on one data set."""

    name: str
    sections: tuple[Section, ...]
    plots: tuple[Plot, ...]


def sections(records: Iterable[Record]) -> tuple[Section, ...]:
    """The records by data set and config, each with its figures over the seeds.

    Raises:
        RunError: Records of one title differ in more than their seeds.
    """
    ordered = sorted(records, key=lambda record: (record.data, record.title, record.seed))
    grouped = groupby(ordered, key=lambda record: (record.data, record.title))
    return tuple(_section(tuple(group)) for _, group in grouped)


def write_results(records: Iterable[Record], page: Path) -> tuple[Path, ...]:
    """Write the page and its plots; every figure in them is a record's.

    Args:
        records: All of them.
        page: Markdown; its plots go into a folder beside it that bears its name, and of which they
            are the only SVGs: those that the records no longer make are removed.

    Returns:
        The files that were written.

    Raises:
        RunError: Records of one title differ in more than their seeds.
    """
    found = sections(records)
    by_data = groupby(found, key=lambda section: section.data)
    sets = tuple(_data_set(name, tuple(group)) for name, group in by_data)
    bars = _bars(found)
    text = render(
        "results.md.j2",
        sections=found,
        sets=sets,
        bars=bars,
        several=any(len(section.records) >= _SEEDS_FOR_A_SPREAD for section in found),
        folder=page.stem,
    )
    plots = (*bars, *(plot for data in sets for plot in data.plots))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text)
    return page, *_write_plots(plots, page.with_suffix(""))


def _write_plots(plots: Sequence[Plot], folder: Path) -> Iterator[Path]:
    for old in folder.glob("*.svg"):
        old.unlink()
    for plot in plots:
        folder.mkdir(exist_ok=True)
        path = folder / plot.file
        path.write_text(plot.svg)
        yield path


def _section(records: tuple[Record, ...]) -> Section:
    if len({record.config.recipe for record in records}) > 1:
        raise RunError(
            f"the records of {records[0].title} differ in more than their seeds: a mean over them "
            "would mean nothing; record each seed with the same config, or remove the old ones"
        )
    own = _own_seed(records)
    config = next(record.config for record in records if record.seed == own)
    targets = {target.figure: target for target in targets_of(config)}
    first = sorted(records, key=lambda record: (record.seed != own, record.seed))
    names = dict.fromkeys(figure.name for record in first for figure in record.figures)
    rows = tuple(_row(name, first, targets.get(name)) for name in names)
    return Section(config, records, rows)


def _own_seed(records: Sequence[Record]) -> int:
    """The seed that the named config has; of a config that is gone, the first that was recorded."""
    seeds = [record.seed for record in records]
    named = records[0].config.name.replace("-", "_")
    own = load_config(named).seed if named in config_names() else None
    return own if own in seeds else min(seeds)


def _row(name: str, records: Sequence[Record], target: Target | None) -> Row:
    found: list[MeasuredValue] = [f for record in records for f in record.figures if f.name == name]
    return Row(name, found[0], tuple(figure.value for figure in found), target)


def _data_set(name: str, found: tuple[Section, ...]) -> DataSet:
    """A data set's results, with one plot for each protocol that has curves."""
    by_protocol: dict[str, dict[str, list[DetCurve]]] = {}
    for section in found:
        for curve in section.curves:
            systems = by_protocol.setdefault(curve.protocol, {})
            systems.setdefault(section.title, []).append(curve)
    plots = [_det(name, i, *item) for i, item in enumerate(sorted(by_protocol.items()), start=1)]
    return DataSet(name, found, tuple(plots))


def _det(data: str, number: int, protocol: str, systems: dict[str, list[DetCurve]]) -> Plot:
    return Plot(
        file=f"det-{data}-{number}.svg",
        alt=f"DET curves (FNMR against FMR) of {', '.join(systems)}",
        caption=f"{protocol[:1].upper()}{protocol[1:]}. Bands are 95 % intervals of the FNMR, "
        "drawn where there are few curves; on the dotted line FMR and FNMR are equal.",
        svg=det_svg(systems) + "\n",
    )


def _bars(found: Iterable[Section]) -> tuple[Plot, ...]:
    dots = [dot for section in found for row in section.rows if (dot := _dot(section, row))]
    if not dots:
        return ()
    met = sum(dot.met for dot in dots)
    alt = f"{len(dots)} figures beside their bars: {met} met, {len(dots) - met} missed"
    caption = (
        "Thin lines are 95 % intervals by the protocol's own standard error, thick ones the "
        "standard deviation over seeds, where there are any."
    )
    return (Plot(_BARS, alt, caption, bars_svg(dots) + "\n"),)


def _dot(section: Section, row: Row) -> Dot | None:
    if row.limit is None or row.met is None:
        return None
    of_accuracy = row.target is not None and row.target.at_least is not None
    return Dot(
        label=f"{section.title}: {row.name}",
        said=f"{percent(row.mean)}, bar {row.bar}",
        error=1 - row.mean if of_accuracy else row.mean,
        bar=1 - row.limit if of_accuracy else row.limit,
        met=row.met,
        standard_error=row.figure.standard_error,
        deviation=row.deviation,
    )
