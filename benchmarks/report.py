"""Renderer of docs/performance.md and its plots, from the results alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.catalog import BENCHMARKS, Benchmark
from benchmarks.plots import draw
from benchmarks.result import Cell, Figure, Result, Table

_HEAD = """\
# Performance

    make bench         # all sections except five, about 70 minutes on an idle machine
    make bench-soak    # Memory, Hostile requests among many, and Memory of bulk embedding
    python -m benchmarks run gateways     # Gateways; needs root and podman
    python -m benchmarks run cuda         # On a GPU; needs one, and onnxruntime-gpu

write the results in `benchmarks/results/` and, from them alone, this page (`python -m benchmarks
report`). They need two idle cores, and wrk (`apt-get install wrk`). Figures are medians over
rounds, with minimum and maximum in brackets; compare ratios, because absolute rates depend on the
machine. All sections except the one about a GPU are measured on the CPU. Where the data sets are
absent, drawn pictures replace them, and the section states it.
"""
_BUSY = 0.05
"""Occupancy by other processes above which a section carries a warning."""

_VERDICTS = {True: "met", False: "**missed**", None: ""}


@dataclass(frozen=True)
class Page:
    """The page, and its plots by file name."""

    text: str
    plots: Mapping[str, str]


def render(results: Mapping[str, Result]) -> Page:
    """Render the page from the results by benchmark."""
    plots: dict[str, str] = {}
    sections = [_HEAD]
    for name, benchmark in BENCHMARKS.items():
        sections.append("\n".join(_section(name, benchmark, results.get(name), plots)))
    return Page("\n".join(sections), plots)


def _section(
    name: str, benchmark: Benchmark, result: Result | None, plots: dict[str, str]
) -> Iterator[str]:
    yield f"## {benchmark.title}\n\n{benchmark.about}\n"
    if result is None:
        yield f"Not measured yet: `python -m benchmarks run {name}`.\n"
        return
    yield f"    {result.command}\n\n{_where(result)}\n"
    if result.found.figures:
        yield _figures(result.found.figures)
    for table in result.found.tables:
        yield _table(table)
    for plot in result.found.plots:
        file = f"{name}-{plot.name}.svg"
        plots[file] = draw(plot)
        yield f"![{plot.title}](performance/{file})\n"
    for note in result.found.notes:
        yield f"{note}\n"


def _where(result: Result) -> str:
    machine = ", ".join(f"{key} {value}" for key, value in result.machine.items())
    versions = ", ".join(f"{key} {value}" for key, value in result.versions.items())
    lines = [f"Revision {result.revision}; {machine}; {versions}."]
    if result.pictures:
        made = "; ".join(f"`{name}` {text}" for name, text in result.pictures.items())
        lines.append(f"Pictures: {made}.")
    if result.others > _BUSY:
        lines.append(
            f"**Other processes used {result.others:.0%} of the machine meanwhile: "
            "the figures are rough.**"
        )
    return "\n".join(lines)


def _figures(figures: tuple[Figure, ...]) -> str:
    rows = [
        (figure.name, _measured(figure), _bar(figure), _VERDICTS[figure.met]) for figure in figures
    ]
    return _markdown(("figure", "measured", "bar", ""), rows)


def _table(table: Table) -> str:
    return f"{table.title}:\n\n{_markdown(table.columns, table.rows)}"


def _measured(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.low is None or figure.high is None:
        return f"{_number(figure.value)}{unit}"
    spread = f"[{_number(figure.low)}, {_number(figure.high)}]"
    return f"{_number(figure.value)}{unit} {spread}"


def _bar(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.at_least is not None:
        return f"≥ {figure.at_least:g}{unit}"
    return "" if figure.at_most is None else f"≤ {figure.at_most:g}{unit}"


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[Cell]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else _number(float(cell))


def _number(value: float) -> str:
    """Format a number with three significant digits, or with all its integer digits."""
    if value and abs(value) < 0.01:  # noqa: PLR2004 (below it decimals get long)
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 (three digits)
