"""`results`: docs/results.md from the committed records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.record import read_records
from training.results import render_results
from training.terminal import RECORDS, console


def run(
    records: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/results.md"),
) -> None:
    """Write the page of results from the committed records."""
    found = read_records(records)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(render_results(found))
    console.print(f"wrote {out}: {len(found)} records")
