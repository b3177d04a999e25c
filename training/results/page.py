"""Page of results and its plots, from the committed records."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from training.metrics.det import DetCurve
from training.results.plots import Dot, bars_svg, det_svg
from training.results.record import Record
from training.results.sections import Row, Section, sections
from training.results.verdict import Verdict
from training.runs.looks import Look
from training.templates.render import percent, render


@dataclass(frozen=True)
class Plot:
    """A plot of the page, with a description (`alt`) and an explanation of its lines."""

    file: str
    alt: str
    caption: str
    svg: str


def write_results(
    records: Iterable[Record], page: Path, looks: Sequence[Look] = ()
) -> tuple[Path, ...]:
    """Write the page, in Markdown, and its plots; return the files that were written.

    The looks are those of the ledgers beside the records and the bundles.
    Plots go into the folder of the same name beside the page; other SVGs in it are removed.

    Raises:
        RunError: Records of one title differ in more than their seeds.
    """
    found = sections(records)
    by_data = groupby(found, key=lambda section: section.data)
    groups = [(name, tuple(group)) for name, group in by_data]
    sets = [(name, group, _det_plots(name, group)) for name, group in groups]
    bars = _bars(found)
    text = render(
        "results.md.j2",
        sections=found,
        sets=sets,
        bars=bars,
        several=any(len(section.records) > 1 for section in found),
        folder=page.stem,
        looks={each.title: [look for look in looks if look.title == each.title] for each in found},
    )
    plots = (*bars, *(plot for _, _, drawn in sets for plot in drawn))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text)
    folder = page.with_suffix("")
    for old in folder.glob("*.svg"):
        old.unlink()
    for plot in plots:
        folder.mkdir(exist_ok=True)
        (folder / plot.file).write_text(plot.svg)
    return page, *(folder / plot.file for plot in plots)


def _det_plots(data: str, found: Iterable[Section]) -> list[Plot]:
    """Plot a data set's curves: one plot for each protocol that has any."""
    by_protocol: dict[str, dict[str, list[DetCurve]]] = {}
    for section in found:
        for curve in (record.det for record in section.records if record.det is not None):
            systems = by_protocol.setdefault(curve.protocol, {})
            systems.setdefault(section.title, []).append(curve)
    return [_det(data, i, *item) for i, item in enumerate(sorted(by_protocol.items()), start=1)]


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
    counts = Counter(dot.verdict for dot in dots)
    counted = ", ".join(f"{counts[each]} {each}" for each in Verdict if counts[each])
    alt = f"{len(dots)} figures beside their bars: {counted}"
    caption = (
        "Thin lines end at the one-sided 95 % bounds that the verdict is by: a bar left of the "
        "line is missed, one right of it met. Thick lines are the standard deviation over seeds, "
        "where there are any."
    )
    return (Plot("bars.svg", alt, caption, bars_svg(dots) + "\n"),)


def _dot(section: Section, row: Row) -> Dot | None:
    bar, judged = row.target.bar, row.judged
    if bar is None or judged is None:
        return None
    of_accuracy = row.target.at_least is not None
    return Dot(
        label=f"{section.title}: {row.name}",
        text=f"{percent(row.mean)}, bar {row.bar}",
        error=1 - row.mean if of_accuracy else row.mean,
        bar=1 - bar if of_accuracy else bar,
        verdict=judged,
        standard_error=row.standard_error,
        deviation=row.deviation,
    )
