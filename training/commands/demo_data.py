"""`demo-data`: a synthetic data set."""

from pathlib import Path
from typing import Annotated

import typer

from training.console import console
from training.data.demo import draw_folder


def run(
    out: Annotated[Path, typer.Option(help="A new folder.")],
    identities: Annotated[int, typer.Option(min=2)] = 40,
    images: Annotated[int, typer.Option(min=2)] = 6,
    seed: int = 0,
) -> None:
    """Draw a folder of synthetic identities, to try everything without photographs."""
    draw_folder(out, identities, images, seed)
    console.print(f"drew {identities} identities with {images} images each in {out}")
