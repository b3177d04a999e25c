"""`precisions`: size, speed and accuracy of each precision, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import open_bundle
from training.console import console
from training.data.source import open_data
from training.export.convert import compare_precisions
from training.runs import provenance
from training.templates.render import render


def run(
    bundle: Annotated[Path, typer.Argument(help="A float32 bundle's folder.")],
    data: Annotated[Path, typer.Option(help="The data that it was made from.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/precision.md"),
) -> None:
    """Measure a bundle in every precision: size, speed, accuracy."""
    rows = compare_precisions(open_bundle(bundle), open_data(data))
    page = render("precision.md.j2", rows=rows, command=provenance.command())
    out.write_text(page)
    console.print(f"wrote {out}")
