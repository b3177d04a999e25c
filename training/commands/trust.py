"""`trust`: what bundles quote beside what is so on other data, as a page."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from model.bundle import MANIFEST_FILE, open_bundle
from model.manifest import Seen
from training.console import RECORDS, console
from training.trust.measure import TrustMeter
from training.trust.page import write_page
from training.trust.record import read_records, write_record
from training.trust.samples import open_sources, samples_of

_BUNDLES = Path("model/bundles")


def run(  # noqa: PLR0913 (options of a command)
    *,
    data: Annotated[
        Path | None, typer.Option(help="The folder with lfw, att_faces.zip, omniglot, mnist.")
    ] = None,
    bundles: Annotated[Path, typer.Option(help="The folder of bundles.")] = _BUNDLES,
    records: Annotated[Path, typer.Option(help="The folder of records.")] = RECORDS / "trust",
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/trust.md"),
    max_images: Annotated[int, typer.Option(help="Images of a sample.", min=4)] = 1000,
    seed: Annotated[int, typer.Option(help="Of corruptions and drawn figures.", min=0)] = 20,
    from_records: Annotated[
        bool, typer.Option(help="Write the page alone, without measuring.")
    ] = False,
) -> None:
    """Measure bundles on data that they were not made for, and write what they quote beside it."""
    if not from_records:
        if data is None:
            raise typer.BadParameter("give --data, or --from-records")
        _measure(data, bundles, records, max_images, seed)
    found = read_records(records)
    write_page(found, out)
    console.print(f"wrote {out} from {len(found)} records")


def _measure(data: Path, bundles: Path, records: Path, max_images: int, seed: int) -> None:
    with TemporaryDirectory() as scratch:
        sources = open_sources(data, Path(scratch), seed)
        for path in sorted(bundles.glob(f"*/{MANIFEST_FILE}")):
            bundle = open_bundle(path.parent)
            if bundle.manifest.seen is Seen.UNKNOWN:
                console.print(f"left out {path.parent}: it may have been trained on these images")
                continue
            samples = samples_of(bundle, sources, max_images, seed)
            record = TrustMeter(bundle).record(samples, max_images, seed)
            console.print(f"wrote {write_record(record, records)}")
