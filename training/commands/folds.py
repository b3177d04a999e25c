"""`folds`: cross-validation over identities."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from training.config.named import load_config
from training.config.overrides import override
from training.console import RECORDS, UnsealOption, console, print_values
from training.experiments.cross_validation import plan_folds
from training.results.record import write_record
from training.transfer.pretrained import open_weights


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    data: Annotated[Path, typer.Option(help="The data set to divide.")],
    out: Annotated[
        Path, typer.Option(help="The folder of the runs, where a killed call continues.")
    ],
    folds: Annotated[
        int | None,
        typer.Option(min=2, help="Number of folds: 8, unless the config takes the data set's own."),
    ] = None,
    only: Annotated[
        list[int] | None,
        typer.Option(help="Train only this fold, counted from 0; may be given repeatedly."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed in place of the config's.")] = None,
    init: Annotated[
        Path | None, typer.Option(help="A bundle or run whose weights each fold starts from.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value in place of the config's; may be given repeatedly."),
    ] = None,
    to: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
    unseal: UnsealOption = None,
) -> None:
    """Train once for each fold of the identities, and pool their test pairs.

    The record is written when all folds are done, by this call, by others or on other machines.
    """
    weights = None if init is None else open_weights(init)
    named = load_config(config, {} if seed is None else {"seed": seed})
    asked = override(named if weights is None else weights.adopted(named), overrides or ())
    planned = plan_folds(asked, data, out, folds=folds, weights=weights)
    planned.train(console, only or ())
    if missing := planned.missing:
        console.print(_still_missing(missing, len(planned.splits), out))
        return
    record = planned.record()
    path = write_record(record, to, unseal)
    print_values(record.figures)
    console.print(f"wrote {path}")


def _still_missing(missing: Sequence[int], folds: int, out: Path) -> str:
    return (
        f"{folds - len(missing)} of {folds} folds are done, and no record is written yet; missing "
        f"in {out}: {', '.join(f'fold{fold}' for fold in missing)}. Train them by this command, "
        "here or elsewhere, copy their folders there, and give it again"
    )
