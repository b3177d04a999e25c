"""Counters, gauges and histograms of one worker, in files that every worker can read.

prometheus-client's own metric objects write the same files, where an environment variable is set
before its first import. Here the folder is passed in, so that a service under test has its own, the
buckets of a histogram may differ by model, and a number costs no system call to add to.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from prometheus_client.mmap_dict import mmap_key
from prometheus_client.utils import floatToGoString

from app.telemetry.mmap_file import NumberFile, View


class Kind(StrEnum):
    """What a family of numbers is, and how those of several workers become one.

    The value is how the name of its files begins, by which prometheus-client knows it.
    """

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    SUM = "gauge_livesum"
    """A gauge: the sum over the workers that are alive."""
    LATEST = "gauge_livemax"
    """A gauge: the largest among the workers that are alive."""


@dataclass(frozen=True)
class Family:
    """Numbers of one name, told apart by their labels.

    Attributes:
        kind: How they add up.
        name: Without the `_total` that a counter's samples have.
        text: What is counted or measured, in which unit.
        labels: The labels' names.
        bounds: Of a histogram, the upper bounds of its buckets but the last, which has none.
    """

    kind: Kind
    name: str
    text: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def sample(self) -> str:
        """The name under which Prometheus finds it; a histogram's has a suffix beyond this."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


class Cell:
    """One number of this worker."""

    __slots__ = ("_at", "_lock", "_view")

    def __init__(self, view: View, at: int, lock: threading.Lock) -> None:
        self._view, self._at, self._lock = view, at, lock

    @property
    def value(self) -> float:
        """The number."""
        return float(self._view[self._at])

    def add(self, amount: float = 1.0) -> None:
        """Add to it."""
        with self._lock:
            self._view[self._at] += amount

    def add_beside(self, amount: float, other: Cell, others_amount: float) -> None:
        """Add to this and to another number of the same worker, behind one lock."""
        with self._lock:
            self._view[self._at] += amount
            other._view[other._at] += others_amount

    def set(self, value: float) -> None:
        """Replace it."""
        self._view[self._at] = value


class HistogramCells:
    """The buckets of one histogram of this worker, and its sum."""

    __slots__ = ("_bounds", "_buckets", "_total")

    def __init__(self, bounds: Sequence[float], buckets: Sequence[Cell], total: Cell) -> None:
        self._bounds, self._buckets, self._total = tuple(bounds), tuple(buckets), total

    def observe(self, value: float) -> None:
        """Count a value in the first bucket whose bound it does not exceed."""
        self._buckets[bisect_left(self._bounds, value)].add_beside(1.0, self._total, value)


class WorkerFiles:
    """The files of one worker. Safe to use from several threads at once."""

    def __init__(self, folder: Path, pid: int) -> None:
        self._folder, self._pid = folder, pid
        self._files: dict[Kind, NumberFile] = {}
        self._lock = threading.Lock()

    def cell(self, family: Family, *values: str) -> Cell:
        """The number of a family, other than a histogram, with these values of its labels."""
        return self._cell(family, family.sample, dict(zip(family.labels, values, strict=True)))

    def histogram(self, family: Family, *values: str) -> HistogramCells:
        """The histogram of a family with these values of its labels."""
        labels = dict(zip(family.labels, values, strict=True))
        buckets = [
            self._cell(family, f"{family.name}_bucket", labels | {"le": floatToGoString(bound)})
            for bound in (*family.bounds, float("inf"))
        ]
        return HistogramCells(
            family.bounds, buckets, self._cell(family, f"{family.name}_sum", labels)
        )

    def close(self) -> None:
        """Close the files; to add to a number of theirs afterwards is an error."""
        with self._lock:
            for file in self._files.values():
                file.close()

    def _cell(self, family: Family, sample: str, labels: Mapping[str, str]) -> Cell:
        key = mmap_key(family.name, sample, list(labels), list(labels.values()), family.text)
        with self._lock:
            return Cell(*self._file(family.kind).place(key), self._lock)

    def _file(self, kind: Kind) -> NumberFile:
        if kind not in self._files:
            self._files[kind] = NumberFile(self._folder / f"{kind.value}_{self._pid}.db")
        return self._files[kind]
