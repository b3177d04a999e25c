"""`trust`: what bundles quote beside what is so on other data, as a page."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from model.bundle import MANIFEST_FILE, open_bundle
from model.manifest import Seen
from training.commands._bundle_page import (
    BUNDLES,
    BundlePage,
    FromRecordsOption,
    PageOption,
    RecordsOption,
)
from training.console import RECORDS, console
from training.trust.measure import TrustMeter
from training.trust.page import write_page
from training.trust.record import TrustRecord
from training.trust.samples import open_sources, samples_of


def run(  # noqa: PLR0913 (options of a command)
    *,
    data: Annotated[
        Path | None, typer.Option(help="The folder with lfw, att_faces.zip, omniglot, mnist.")
    ] = None,
    bundles: Annotated[
        list[Path], typer.Option(help="A folder of bundles; may be given several times.")
    ] = [BUNDLES],  # noqa: B006 (typer reads it, and nothing changes it)
    records: RecordsOption = RECORDS / "trust",
    out: PageOption = Path("docs/trust.md"),
    max_images: Annotated[int, typer.Option(help="Images of a sample.", min=4)] = 1000,
    seed: Annotated[int, typer.Option(help="Of corruptions and drawn figures.", min=0)] = 20,
    from_records: FromRecordsOption = False,
) -> None:
    """Measure bundles on data that they were not made for, and write what they quote beside it."""
    BundlePage(TrustRecord, write_page, records, out).make(
        lambda folder: _measure(folder, bundles, max_images, seed), data, from_records=from_records
    )


def _measure(data: Path, bundles: list[Path], max_images: int, seed: int) -> Iterator[TrustRecord]:
    with TemporaryDirectory() as scratch:
        sources = open_sources(data, Path(scratch), seed)
        found = (path for folder in bundles for path in folder.glob(f"*/{MANIFEST_FILE}"))
        for path in sorted(found, key=lambda path: path.parent.name):
            bundle = open_bundle(path.parent)
            if bundle.manifest.seen is Seen.UNKNOWN:
                console.print(f"left out {path.parent}: it may have been trained on these images")
                continue
            samples = samples_of(bundle, sources, max_images, seed)
            yield TrustMeter(bundle).record(samples, max_images, seed)
