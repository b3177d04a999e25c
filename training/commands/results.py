"""`results`: docs/results.md from the committed records and the shipped bundles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import MANIFEST_FILE, read_manifest
from training.record import read_records, record_of_bundle
from training.results import render_results
from training.terminal import RECORDS, console


def run(
    records: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
    bundles: Annotated[Path, typer.Option(help="The folder of bundles.")] = Path("model/bundles"),
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/results.md"),
) -> None:
    """Write the page of results from the committed records and the shipped bundles."""
    manifests = [read_manifest(path.parent) for path in sorted(bundles.glob(f"*/{MANIFEST_FILE}"))]
    found = (*map(record_of_bundle, manifests), *read_records(records))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(render_results(found))
    console.print(f"wrote {out}: {len(found)} records")
