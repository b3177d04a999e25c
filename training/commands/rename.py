"""`rename`: a bundle under another name."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import open_bundle
from training.console import console
from training.export.rename import rename


def run(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    to: Annotated[Path, typer.Option(help="The new folder, after which the bundle is named.")],
    version: Annotated[
        str | None, typer.Option(help="Its version; the same one by default.")
    ] = None,
) -> None:
    """Write a bundle again under another name, with the same graphs and figures."""
    manifest = rename(open_bundle(bundle), to, version)
    console.print(f"wrote {to}: {manifest.name} {manifest.version}")
