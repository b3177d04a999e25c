"""Terminal of the commands: shared options, and the printing of measured values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.manifest import Accuracy
from training.evaluation.measured_value import MeasuredValue
from training.templates.render import percent

console = Console()

RECORDS = Path("training/records")
"""Folder of the committed records, from the root of a checkout."""

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="A folder of identities, a zip of one, or a known data set."),
]


def print_accuracy(accuracy: Accuracy) -> None:
    """Print what was measured on the test identities."""
    sample = accuracy.sample
    console.print(
        f"EER {percent(accuracy.eer)}  Cllr {accuracy.cllr:.3f} (at best {accuracy.min_cllr:.3f})  "
        f"{sample.genuine_pairs:,} genuine, {sample.impostor_pairs:,} impostor pairs of "
        f"{sample.identities} identities",
        highlight=False,
    )
    for benchmark in accuracy.benchmarks:
        error = benchmark.standard_error
        console.print(
            f"{benchmark.name}: {benchmark.measure}: {percent(benchmark.value)}"
            + ("" if error is None else f" ± {percent(error)}"),
            highlight=False,
        )


def print_values(values: Iterable[MeasuredValue]) -> None:
    """Print what protocols measured."""
    for measured in values:
        error = "" if measured.standard_error is None else f" ± {percent(measured.standard_error)}"
        console.print(f"{measured.name}: {percent(measured.value)}{error}", highlight=False)
