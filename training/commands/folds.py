"""`folds`: cross-validation over identities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.config import load_config
from training.folds import cross_validate
from training.initial import open_weights
from training.overrides import override
from training.record import write_record
from training.terminal import RECORDS, console, print_figures


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    data: Annotated[Path, typer.Option(help="The data set to divide.")],
    out: Annotated[Path, typer.Option(help="The folder of the runs; taken up again if killed.")],
    folds: Annotated[int, typer.Option(min=2, help="How many folds.")] = 8,
    seed: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
    init: Annotated[
        Path | None, typer.Option(help="A bundle or run whose weights each fold begins with.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value in place of the config's; may be given repeatedly."),
    ] = None,
    to: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
) -> None:
    """Train once for each fold of the identities, and pool what is measured on them."""
    weights = None if init is None else open_weights(init)
    named = load_config(config, {} if seed is None else {"seed": seed})
    asked = override(named if weights is None else weights.adopted(named), settings or ())
    record = cross_validate(asked, data, folds, out, console, weights=weights)
    print_figures(record.figures)
    console.print(f"wrote {write_record(record, to)}")
