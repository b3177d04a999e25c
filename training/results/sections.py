"""Sections of the results page: each config's figures over its seeds, beside bar and paper."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from training.config.named import config_names, load_config
from training.config.schema import TrainingConfig
from training.config.sections import Target
from training.config.variants import targets_of
from training.errors import RunError
from training.evaluation.measured_value import MeasuredValue
from training.results.record import Record
from training.templates.render import percent


@dataclass(frozen=True)
class Row:
    """One measured value of one config.

    Attributes:
        name: What was measured.
        one_seed: The value of the config's own seed, or of the first seed that has one.
        values: Those of all seeds, the own seed's first.
        target: The bar and the published value; both may be empty.
    """

    name: str
    one_seed: MeasuredValue
    values: tuple[float, ...]
    target: Target

    @property
    def mean(self) -> float:
        """Mean over the seeds, which is compared with the bar."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds; None for one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def measured(self) -> str:
        """Value of one seed, with its protocol's own standard error if there is one."""
        error = self.one_seed.standard_error
        value = percent(self.one_seed.value)
        return value if error is None else f"{value} ± {percent(error)} (se)"

    @property
    def over_seeds(self) -> str:
        """Mean with its standard deviation; empty for one seed."""
        if self.deviation is None:
            return ""
        return f"{percent(self.mean)} ± {percent(self.deviation)} ({len(self.values)})"

    @property
    def limit(self) -> float | None:
        """Our bar, an error or an accuracy as the value is."""
        error, accuracy = self.target.at_most, self.target.at_least
        return accuracy if error is None else error

    @property
    def bar(self) -> str:
        """Our bar, in words."""
        if self.limit is None:
            return ""
        return f"{'≤' if self.target.at_least is None else '≥'} {percent(self.limit)}"

    @property
    def met(self) -> bool | None:
        """True if the mean reaches the bar; None where there is none."""
        return self.target.is_met(self.mean)

    @property
    def verdict(self) -> str:
        """`met` in words."""
        return {True: "met", False: "**missed**", None: ""}[self.met]


@dataclass(frozen=True)
class Section:
    """Results of one config; its records by rising seed."""

    config: TrainingConfig
    records: tuple[Record, ...]
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """Name of the config, with its variant."""
        return self.records[0].title

    @property
    def data(self) -> str:
        """Name of the data set."""
        return self.records[0].data

    @property
    def minutes(self) -> float:
        """Mean training time."""
        return statistics.fmean(record.training_seconds for record in self.records) / 60

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands that made the records, each once, in the order of the seeds."""
        made = (c for r in self.records for c in (r.train_command, r.record_command))
        return tuple(dict.fromkeys(made))


def sections(records: Iterable[Record]) -> tuple[Section, ...]:
    """Group records by data set and config, and each config's values over its seeds.

    Raises:
        RunError: Records of one title differ in more than their seeds.
    """
    ordered = sorted(records, key=lambda record: (record.data, record.title, record.seed))
    grouped = groupby(ordered, key=lambda record: (record.data, record.title))
    return tuple(_section(tuple(group)) for _, group in grouped)


def _section(records: tuple[Record, ...]) -> Section:
    if len({record.config.recipe for record in records}) > 1:
        raise RunError(
            f"the records of {records[0].title} differ in more than their seeds, so they have no "
            "mean; record each seed with the same config, or remove the old ones"
        )
    own = _own_seed(records)
    config = next(record.config for record in records if record.seed == own)
    targets = {target.figure: target for target in targets_of(config)}
    first = sorted(records, key=lambda record: (record.seed != own, record.seed))
    names = dict.fromkeys(value.name for record in first for value in record.figures)
    rows = tuple(_row(name, first, targets.get(name, Target(figure=name))) for name in names)
    return Section(config, records, rows)


def _own_seed(records: Sequence[Record]) -> int:
    """Seed of the named config; the first recorded one where that config no longer exists."""
    seeds = [record.seed for record in records]
    named = records[0].config.name.replace("-", "_")
    own = load_config(named).seed if named in config_names() else None
    return own if own in seeds else min(seeds)


def _row(name: str, records: Sequence[Record], target: Target) -> Row:
    found = [value for record in records for value in record.figures if value.name == name]
    return Row(name, found[0], tuple(each.value for each in found), target)
