"""`convert`: conversion of a bundle to another precision."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import Bundle, open_bundle, write_bundle
from training.console import console, print_accuracy
from training.data.image_set import ImageSet
from training.data.source import open_data
from training.export.bundle_name import bundle_name
from training.export.convert import add_int8, convert_bundle
from training.export.model_card import render_card
from training.export.quantisation import Precision
from training.stages import ConsoleStages


def run(
    bundle: Annotated[Path, typer.Argument(help="A float32 bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data that the bundle was made from.")],
    to: Annotated[Path, typer.Option(help="The new bundle's folder.")],
    precision: Annotated[Precision, typer.Option(help="The precision to convert to.")] = (
        Precision.INT8_STATIC
    ),
    beside: Annotated[
        bool,
        typer.Option(
            "--beside",
            help="Keep the bundle as it is, and add an int8 graph beside its float32 graph.",
        ),
    ] = False,
) -> None:
    """Convert a bundle's graph, with operating points and error rates of its own."""
    opened, name = open_bundle(bundle), bundle_name(to)
    if beside:
        _add(opened, open_data(data), to, precision)
        return
    with ConsoleStages(console) as stages:
        converted = convert_bundle(opened, open_data(data), precision, name, stages=stages)
    write_bundle(
        to,
        converted.manifest,
        converted.graph,
        split=opened.split,
        domain=converted.domain,
        card=render_card(converted.manifest),
        locator=opened.locator,
    )
    console.print(
        f"wrote {to}: {len(converted.graph):,} bytes in place of {len(opened.onnx):,}",
        highlight=False,
    )
    console.print("before:")
    print_accuracy(opened.manifest.accuracy)
    console.print("after:")
    print_accuracy(converted.manifest.accuracy)


def _add(bundle: Bundle, images: ImageSet, to: Path, precision: Precision) -> None:
    if precision is not Precision.INT8_STATIC:
        raise typer.BadParameter("a graph beside the bundle's own is int8-static")
    with ConsoleStages(console) as stages:
        [other] = add_int8(bundle, images, to, stages=stages)
    console.print(
        f"wrote {to}: {len(other.onnx):,} bytes beside {len(bundle.onnx):,}", highlight=False
    )
    console.print("before:")
    print_accuracy(bundle.manifest.accuracy)
    console.print("in int8:")
    print_accuracy(other.manifest.accuracy)
