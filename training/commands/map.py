"""`map`: unseen images in two dimensions, by an encoder and by classical methods."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from model.manifest import Seen
from training.console import console
from training.data.source import open_data
from training.evaluation.opening import system_of
from training.projection.map import MAX_IMAGES, Map, draw_map
from training.projection.plot import map_svg
from training.runs.run_folder import open_system
from training.templates.render import percent


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    system: Annotated[Path, typer.Argument(help="A run folder or a bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data set; its unseen identities are shown.")],
    out: Annotated[Path, typer.Option(help="The folder for map.svg and map.json.")],
    identities: Annotated[int, typer.Option(min=2, help="Maximum number of identities.")] = 10,
    images: Annotated[
        int, typer.Option(min=1, max=MAX_IMAGES, help="Maximum number of images.")
    ] = 200,
    seed: int = 0,
) -> None:
    """Draw unseen identities in two dimensions, beside the maps of PCA, LDA, Isomap and others.

    An encoder of two dimensions is drawn as it is; a longer embedding by its PCA and Isomap.
    """
    opened = system_of(open_system(system), open_data(data))
    drawn = draw_map(opened, identities, images, seed)
    out.mkdir(parents=True, exist_ok=True)
    (out / "map.svg").write_text(map_svg(drawn) + "\n")
    (out / "map.json").write_text(drawn.model_dump_json() + "\n")
    _print(drawn)
    console.print(f"wrote {out / 'map.svg'} and {out / 'map.json'}")


def _print(drawn: Map) -> None:
    table = Table("method", f"{drawn.neighbours} neighbours right", "trustworthiness")
    table.add_row("(pixels, all dimensions)", percent(drawn.pixels_accuracy), "")
    table.add_row("(embedding, all dimensions)", percent(drawn.embedding_accuracy), "")
    for panel in drawn.panels:
        table.add_row(panel.method, percent(panel.accuracy), f"{panel.trustworthiness:.3f}")
    console.print(table)
    if drawn.closed:
        console.print("new images of identities that the encoder was trained on (a closed set)")
    elif drawn.seen is Seen.TAUGHT:
        console.print(
            "identities that it was neither trained nor calibrated on; whether its teacher was "
            "trained on some of them is not known",
            highlight=False,
        )
    elif drawn.seen is Seen.UNKNOWN:
        console.print(
            "identities that it was not calibrated on; whether the encoder was trained on some of "
            "them is not known",
            highlight=False,
        )
