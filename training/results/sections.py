"""Sections of the results page: each config's figures over its seeds, beside bar and paper."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from training.config.named import config_names, load_config
from training.config.schema import TrainingConfig
from training.config.sections import Choice, Target
from training.config.variants import targets_of
from training.errors import RunError
from training.evaluation.measured_value import MeasuredValue
from training.results.record import Record
from training.results.stored_error import with_stored_error
from training.results.verdict import Verdict, verdict
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
    def standard_error(self) -> float | None:
        """Standard error of the mean over other test samples and, with several seeds, other seeds.

        None where the protocol has none or does not state the sample.
        """
        sample = self.one_seed.standard_error
        if sample is None or self.one_seed.standard_error_over is None:
            return None
        return math.hypot(sample, (self.deviation or 0) / math.sqrt(len(self.values)))

    @property
    def measured(self) -> str:
        """Value of one seed, with its standard error over the sample that it is of."""
        error, over = self.one_seed.standard_error, self.one_seed.standard_error_over
        value = percent(self.one_seed.value)
        if error is None:
            return value
        return f"{value} ± {percent(error)} ({over or 'of an unstated sample'})"

    @property
    def over_seeds(self) -> str:
        """Mean with its standard deviation; empty for one seed."""
        if self.deviation is None:
            return ""
        return f"{percent(self.mean)} ± {percent(self.deviation)} ({len(self.values)})"

    @property
    def bar(self) -> str:
        """Our bar, in words."""
        if self.target.bar is None:
            return ""
        return f"{'≤' if self.target.at_least is None else '≥'} {percent(self.target.bar)}"

    @property
    def judged(self) -> Verdict | None:
        """Verdict on the mean over the seeds; None where there is no bar."""
        return verdict(self.mean, self.standard_error, self.target)

    @property
    def verdict(self) -> str:
        """Verdict in words; empty where there is no bar."""
        judged = self.judged
        return f"**{judged}**" if judged is Verdict.MISSED else str(judged or "")


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
    def choice(self) -> Choice | None:
        """Evidence that the settings were chosen by; of older records, as the named config says."""
        stated = self.config.measurement.choice
        named = _named(self.config)
        return named.measurement.choice if stated is None and named is not None else stated

    @property
    def chosen_by(self) -> str:
        """Data that the settings were chosen by, in words."""
        return "not stated" if self.choice is None else str(self.choice.by)

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
    named = _named(records[0].config)
    return named.seed if named is not None and named.seed in seeds else min(seeds)


def _named(config: TrainingConfig) -> TrainingConfig | None:
    """Return the named config as it is now; None where it no longer exists."""
    name = config.name.replace("-", "_")
    return load_config(name) if name in config_names() else None


def _row(name: str, records: Sequence[Record], target: Target) -> Row:
    found = [
        (value, record) for record in records for value in record.figures if value.name == name
    ]
    return Row(
        name,
        with_stored_error(found[0][0], found[0][1].det, target.bar),
        tuple(value.value for value, _ in found),
        target,
    )
