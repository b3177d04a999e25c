"""`results`: docs/results.md and its plots, from the committed records and bundles trained here."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import MANIFEST_FILE, read_manifest
from training.console import RECORDS, console
from training.results.page import write_results
from training.results.record import read_records, record_of_bundle
from training.runs.looks import Ledger


def run(
    records: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
    bundles: Annotated[Path, typer.Option(help="The folder of bundles.")] = Path("model/bundles"),
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/results.md"),
) -> None:
    """Write the page of results and its plots from the records and the bundles trained here."""
    manifests = [read_manifest(path.parent) for path in sorted(bundles.glob(f"*/{MANIFEST_FILE}"))]
    trained = [manifest for manifest in manifests if manifest.provenance is not None]
    found = (*map(record_of_bundle, trained), *read_records(records))
    looks = (*Ledger(bundles).looks(), *Ledger(records).looks())
    written = write_results(found, out, looks)
    console.print(f"wrote {out} from {len(found)} records, with {len(written) - 1} plots")
