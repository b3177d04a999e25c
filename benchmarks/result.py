"""Results of the benchmarks, one JSON file each: figures with their bars, tables and plots."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.trials.rounds import Spread

RESULTS = Path(__file__).parent / "results"
_DIGITS = 4

Cell = str | float | int | None


@dataclass(frozen=True)
class Figure:
    """One number, its spread over the rounds, and its bar, if any."""

    name: str
    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @classmethod
    def of(
        cls,
        name: str,
        spread: Spread,
        unit: str = "×",
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> Figure:
        """Return the figure of a spread: median, minimum and maximum of the rounds."""
        return cls(name, spread.median, unit, spread.low, spread.high, at_least, at_most)

    @property
    def met(self) -> bool | None:
        """True if the bar is met; None without a bar."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most


@dataclass(frozen=True)
class Table:
    """Numbers without a bar."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Plot:
    """Lines over a common axis; `lines` maps a name to its points."""

    name: str
    title: str
    x: str
    y: str
    lines: dict[str, tuple[tuple[float, float], ...]]
    log_x: bool = False


@dataclass(frozen=True)
class Found:
    """Measurements of one benchmark."""

    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """Measurements with their command, revision, machine and versions."""

    benchmark: str
    command: str
    revision: str
    machine: dict[str, str]
    versions: dict[str, str]
    others: float
    found: Found
    pictures: dict[str, str] = field(default_factory=dict)


def write(result: Result, folder: Path = RESULTS) -> Path:
    """Write a result, its numbers to four significant digits, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{result.benchmark}.json"
    file.write_text(json.dumps(_round_floats(asdict(result)), indent=1, ensure_ascii=False) + "\n")
    return file


def read(file: Path) -> Result:
    """Read a file that `write` wrote."""
    data = json.loads(file.read_text())
    found = data.pop("found")
    return Result(
        found=Found(
            tuple(Figure(**figure) for figure in found["figures"]),
            tuple(_table(table) for table in found["tables"]),
            tuple(_plot(plot) for plot in found["plots"]),
            tuple(found["notes"]),
        ),
        **data,
    )


def read_all(folder: Path = RESULTS) -> dict[str, Result]:
    """Read the results of a folder, by benchmark."""
    return {file.stem: read(file) for file in sorted(folder.glob("*.json"))}


def _table(data: dict[str, Any]) -> Table:
    rows = tuple(tuple(row) for row in data["rows"])
    return Table(data["title"], tuple(data["columns"]), rows)


def _plot(data: dict[str, Any]) -> Plot:
    lines = {name: tuple((x, y) for x, y in points) for name, points in data.pop("lines").items()}
    return Plot(lines=lines, **data)


def _round_floats(value: Any) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _round_floats(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_round_floats(entry) for entry in value]
    return value
