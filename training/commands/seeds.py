"""`seeds`: training of one config with several seeds."""

from pathlib import Path
from typing import Annotated

import typer

from training.config.named import load_config
from training.config.overrides import override
from training.console import RECORDS, UnsealOption, console, print_values
from training.experiments.seeds import record_seeds
from training.transfer.pretrained import open_weights


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    data: Annotated[Path, typer.Option(help="The data set.")],
    out: Annotated[
        Path, typer.Option(help="The folder of the runs, where a killed call continues.")
    ],
    seeds: Annotated[
        int, typer.Option(min=2, help="Number of seeds, from the config's own on.")
    ] = 3,
    init: Annotated[
        Path | None, typer.Option(help="A bundle or run whose weights each seed starts from.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value in place of the config's; may be given repeatedly."),
    ] = None,
    to: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
    unseal: UnsealOption = None,
) -> None:
    """Train, export and record a config with several seeds, on the split of its own."""
    weights = None if init is None else open_weights(init)
    named = load_config(config)
    asked = override(named if weights is None else weights.adopted(named), overrides or ())
    for record in record_seeds(
        asked, data, seeds, out, records=to, console=console, weights=weights, unseal=unseal
    ):
        console.print(f"seed {record.seed}:")
        print_values(record.figures)
