"""`ratio-coverage`: how often intervals of likelihood ratios hold the true ratio, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from training.console import console
from training.experiments.ratio_coverage import LOG10_RATIOS, measure_all
from training.runs import provenance
from training.templates.render import render


def run(
    repetitions: Annotated[
        int, typer.Option(help="Simulated data sets of each population.", min=20)
    ] = 200,
    workers: Annotated[int, typer.Option(help="Processes at a time.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/ratio-coverage.md"),
) -> None:
    """Simulate people, and count how often the intervals of likelihood ratios hold the truth."""
    found = measure_all(repetitions, workers)
    page = render(
        "ratio_coverage.md.j2",
        found=found,
        ratios=[f"{10**log10:g}" for log10 in LOG10_RATIOS],
        repetitions=repetitions,
        command=provenance.command(),
    )
    out.write_text(page, encoding="utf-8")
    console.print(f"wrote {out}")
