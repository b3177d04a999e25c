"""`folds`: cross-validation over identities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.config import load_config
from training.folds import cross_validate
from training.record import write_record
from training.terminal import RECORDS, console, print_figures


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    data: Annotated[Path, typer.Option(help="The data set to divide.")],
    out: Annotated[Path, typer.Option(help="The folder of the runs; taken up again if killed.")],
    folds: Annotated[int, typer.Option(min=2, help="How many folds.")] = 8,
    seed: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
    to: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
) -> None:
    """Train once for each fold of the identities, and pool what is measured on them."""
    asked = load_config(config, {} if seed is None else {"seed": seed})
    record = cross_validate(asked, data, folds, out, console)
    print_figures(record.figures)
    console.print(f"wrote {write_record(record, to)}")
