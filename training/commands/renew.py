"""`renew`: a bundle exported again from its own graph."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import open_bundle
from training.commands._precision_option import PrecisionOption
from training.console import UnsealOption, console, print_accuracy
from training.data.source import open_data
from training.export.int8_graph import Graphs
from training.export.reexport import renew
from training.runs.looks import Ledger


def run(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data that the bundle was trained on.")],
    to: Annotated[Path, typer.Option(help="The new bundle's folder; may be the same.")],
    unseal: UnsealOption = None,
    precision: PrecisionOption = Graphs.BOTH,
) -> None:
    """Export a bundle again, with views, whitening and card of its named config as it is now."""
    ledger = Ledger(to.resolve().parent, unseal)
    manifest = renew(open_bundle(bundle), open_data(data), to, ledger, precision)
    console.print(f"wrote {to}: {manifest.name} {manifest.version}, {manifest.onnx.bytes:,} bytes")
    print_accuracy(manifest.accuracy)
