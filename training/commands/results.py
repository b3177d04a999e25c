"""`results`: docs/results.md and its plots, from the committed records and bundles trained here."""

from pathlib import Path
from typing import Annotated

import typer

from model.bundle import MANIFEST_FILE, read_manifest
from training.commands._bundle_page import BUNDLES
from training.console import RECORDS, console
from training.results.page import write_results
from training.results.record import read_records, record_of_bundle
from training.runs.looks import Ledger


def run(
    records: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS,
    bundles: Annotated[
        list[Path], typer.Option(help="A folder of bundles; may be given several times.")
    ] = [BUNDLES],  # noqa: B006 (typer reads it, and nothing changes it)
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/results.md"),
) -> None:
    """Write the page of results and its plots from the records and the bundles trained here."""
    paths = (path for folder in bundles for path in sorted(folder.glob(f"*/{MANIFEST_FILE}")))
    manifests = [read_manifest(path.parent) for path in paths]
    trained = [manifest for manifest in manifests if manifest.provenance is not None]
    found = (*map(record_of_bundle, trained), *read_records(records))
    looks = (look for folder in (*bundles, records) for look in Ledger(folder).looks())
    written = write_results(found, out, tuple(looks))
    console.print(f"wrote {out} from {len(found)} records, with {len(written) - 1} plots")
