"""`convert`: conversion of a bundle to another precision."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import open_bundle, write_bundle
from training.console import console, print_accuracy
from training.data.source import open_data
from training.export.bundle_name import bundle_name
from training.export.convert import convert_bundle
from training.export.model_card import render_card
from training.export.quantisation import Precision


def run(
    bundle: Annotated[Path, typer.Argument(help="A float32 bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data that the bundle was made from.")],
    to: Annotated[Path, typer.Option(help="The new bundle's folder.")],
    precision: Annotated[Precision, typer.Option(help="The precision to convert to.")] = (
        Precision.INT8_STATIC
    ),
) -> None:
    """Convert a bundle's graph, with operating points and error rates of its own."""
    opened, name = open_bundle(bundle), bundle_name(to)
    converted = convert_bundle(opened, open_data(data), precision, name)
    write_bundle(
        to,
        converted.manifest,
        converted.graph,
        split=opened.split,
        domain=converted.domain,
        card=render_card(converted.manifest),
    )
    console.print(
        f"wrote {to}: {len(converted.graph):,} bytes in place of {len(opened.onnx):,}",
        highlight=False,
    )
    console.print("before:")
    print_accuracy(opened.manifest.accuracy)
    console.print("after:")
    print_accuracy(converted.manifest.accuracy)
