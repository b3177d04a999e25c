"""`coverage`: how often the 95 % intervals hold the true rate, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from training.console import console
from training.experiments.coverage import measure_all
from training.runs import provenance
from training.templates.render import render


def run(
    repetitions: Annotated[
        int, typer.Option(help="Simulated data sets of each cell.", min=20)
    ] = 300,
    again: Annotated[
        int,
        typer.Option(
            help="Other data sets of each cell whose share is near an end of the bar; 0: none.",
            min=0,
        ),
    ] = 1600,
    workers: Annotated[int, typer.Option(help="Processes at a time.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/coverage.md"),
) -> None:
    """Simulate people, and count how often the intervals of FMR and FNMR hold the true rate."""
    found = measure_all(repetitions, workers, again)
    page = render(
        "coverage.md.j2",
        found=found,
        repetitions=repetitions,
        again=again,
        command=provenance.command(),
    )
    out.write_text(page)
    console.print(f"wrote {out}")
