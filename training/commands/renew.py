"""`renew`: a bundle exported again from its own graph."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import open_bundle
from training.commands._precision_option import PrecisionOption
from training.console import LocatorOption, UnsealOption, console, print_accuracy
from training.data.source import open_data
from training.export.int8_graph import Graphs
from training.export.reexport import renew
from training.runs.looks import Ledger
from training.serving_graph.locator_folder import open_locator
from training.stages import ConsoleStages


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data that the bundle was trained on.")],
    to: Annotated[Path, typer.Option(help="The new bundle's folder; may be the same.")],
    locator: LocatorOption = None,
    unseal: UnsealOption = None,
    precision: PrecisionOption = Graphs.BOTH,
) -> None:
    """Export a bundle again, with views, whitening and card of its named config as it is now."""
    ledger = Ledger.of_bundle(to, unseal)
    located = None if locator is None else open_locator(locator)
    opened = open_bundle(bundle)
    with ConsoleStages(console) as stages:
        manifest = renew(
            *(opened, open_data(data), to, ledger, precision), locator=located, stages=stages
        )
    console.print(f"wrote {to}: {manifest.name} {manifest.version}, {manifest.onnx.bytes:,} bytes")
    print_accuracy(manifest.accuracy)
