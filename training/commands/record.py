"""`record`: the measured values of a run, in a file to be committed."""

from pathlib import Path
from typing import Annotated

import typer

from training.console import RECORDS, DataOption, UnsealOption, console, print_values
from training.results.record import record_run, write_record
from training.runs.run_folder import RunFolder


def run(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    bundle: Annotated[Path, typer.Argument(help="The bundle that was exported from it.")],
    data: DataOption = None,
    to: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
    unseal: UnsealOption = None,
) -> None:
    """Measure a run's bundle under the protocols of its config, and write the record."""
    record = record_run(RunFolder(run), bundle, data)
    path = write_record(record, to, unseal)
    print_values(record.figures)
    console.print(f"wrote {path}")
