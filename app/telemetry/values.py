"""Counters, gauges and histograms of one worker, in files that every worker can read.

The files are those of prometheus-client's multiprocess mode. Its own metric objects need an
environment variable before the first import, and buckets that are the same for all labels; here the
folder is an argument, so that each service under test has its own, and buckets may differ by model.
"""

import logging
import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from prometheus_client.mmap_dict import mmap_key
from prometheus_client.utils import floatToGoString

from app.telemetry.reserved_file import Cell, NoFile, ReservedFile

logger = logging.getLogger(__name__)

_File = ReservedFile | NoFile


class Kind(StrEnum):
    """The type of a metric, and how the values of several workers are combined.

    The string is the first part of a file's name, from which prometheus-client reads the type.
    """

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    SUM = "gauge_livesum"
    """A gauge: the sum over the live workers."""
    LATEST = "gauge_livemax"
    """A gauge: the maximum over the live workers."""


@dataclass(frozen=True)
class Family:
    """A metric: all values of one name, distinguished by their labels.

    Attributes:
        kind: The type.
        name: The name, without the suffix `_total` of a counter's samples.
        text: The help text, with the unit.
        labels: The names of the labels.
        bounds: For a histogram, the upper bounds of all buckets but the last, which is unbounded.
    """

    kind: Kind
    name: str
    text: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def sample(self) -> str:
        """Name of the samples in the exposition; a histogram's have a further suffix."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


class Value:
    """One number of this worker."""

    __slots__ = ("_cell", "_lock", "current")

    def __init__(self, cell: Cell, lock: threading.Lock) -> None:
        """Take the cell that holds the number; a new one holds 0."""
        self._cell, self._lock = cell, lock
        self.current = cell[0]

    def add(self, amount: float = 1.0) -> None:
        """Add to the number."""
        with self._lock:
            self.current += amount
            self._cell[0] = self.current

    def set(self, number: float) -> None:
        """Replace the number."""
        with self._lock:
            self.current = self._cell[0] = number

    def close(self) -> None:
        """Let go of the file; changing the number afterwards is an error."""
        self._cell.release()


class Histogram:
    """One histogram of this worker: the counts of its buckets, and the sum of what was observed."""

    __slots__ = ("_bounds", "_buckets", "_sum")

    def __init__(self, bounds: Sequence[float], buckets: Sequence[Value], total: Value) -> None:
        self._bounds, self._buckets, self._sum = tuple(bounds), tuple(buckets), total

    def observe(self, amount: float) -> None:
        """Count an observation in the first bucket whose bound it does not exceed."""
        self._buckets[bisect_left(self._bounds, amount)].add()
        self._sum.add(amount)


class WorkerFiles:
    """The metric files of one worker. Safe to use from several threads at once.

    Values for which the folder has no room are counted, but are in no file; the log says so once.
    """

    def __init__(self, folder: Path, pid: int) -> None:
        self._folder, self._pid = folder, pid
        self._files: dict[Kind, _File] = {}
        self._has_room = True
        self._values: dict[str, Value] = {}
        self._lock = threading.Lock()

    def value(self, family: Family, *labels: str) -> Value:
        """The value of a counter or gauge for these values of its labels."""
        return self._value(family, family.sample, dict(zip(family.labels, labels, strict=True)))

    def histogram(self, family: Family, *labels: str) -> Histogram:
        """The histogram of a family for these values of its labels."""
        named = dict(zip(family.labels, labels, strict=True))
        buckets = [
            self._value(family, f"{family.name}_bucket", named | {"le": floatToGoString(bound)})
            for bound in (*family.bounds, float("inf"))
        ]
        return Histogram(family.bounds, buckets, self._value(family, f"{family.name}_sum", named))

    def close(self) -> None:
        """Close the files; adding to a value afterwards is an error."""
        with self._lock:
            for value in self._values.values():
                value.close()
            for file in self._files.values():
                file.close()

    def _value(self, family: Family, sample: str, labels: Mapping[str, str]) -> Value:
        key = mmap_key(family.name, sample, list(labels), list(labels.values()), family.text)
        with self._lock:
            if key not in self._values:
                self._values[key] = self._new_value(family.kind, key)
            return self._values[key]

    def _new_value(self, kind: Kind, key: str) -> Value:
        try:
            if kind not in self._files:
                path = self._folder / f"{kind.value}_{self._pid}.db"
                self._files[kind] = ReservedFile(path)
            return Value(self._files[kind].cell(key), self._lock)
        except OSError as error:
            if self._has_room:
                self._has_room = False
                logger.warning(
                    "the metrics folder %s has no room (%s): further numbers are not in /metrics",
                    self._folder,
                    error.strerror,
                )
            self._files.setdefault(kind, NoFile())
            return Value(NoFile().cell(key), self._lock)
