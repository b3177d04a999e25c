"""`identification`: quoted identification rates beside those of drawn galleries, as a page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from model.bundle import MANIFEST_FILE, Bundle, open_bundle
from training.commands._bundle_page import (
    BUNDLES,
    BundlePage,
    BundlesOption,
    FromRecordsOption,
    PageOption,
    RecordsOption,
)
from training.console import RECORDS
from training.data.source import open_data
from training.errors import DataError
from training.evaluation.accuracy import measured_per_identity
from training.evaluation.opening import system_of
from training.inference.comparer import EmbeddingComparer
from training.runs import provenance
from training.trust.open_set import Draws, OpenSet
from training.trust.open_set_page import write_open_set_page
from training.trust.open_set_record import Cell, OpenSetRecord
from training.trust.samples import DATA_SETS
from training.trust.searches_drawn import Images, rule_of


def run(  # noqa: PLR0913 (options of a command)
    *,
    data: Annotated[
        Path | None, typer.Option(help="The folder with lfw, att_faces.zip, omniglot.")
    ] = None,
    bundles: BundlesOption = BUNDLES,
    records: RecordsOption = RECORDS / "identification",
    out: PageOption = Path("docs/identification.md"),
    rounds: Annotated[int, typer.Option(help="Templates drawn of each person.", min=1)] = 10,
    galleries: Annotated[int, typer.Option(help="Galleries of each size.", min=2)] = 400,
    splits: Annotated[int, typer.Option(help="Divisions of the people in halves.", min=1)] = 100,
    seed: Annotated[int, typer.Option(help="Of all draws.", min=0)] = 22,
    from_records: FromRecordsOption = False,
) -> None:
    """Enrol and search galleries of test people, and write the rates beside the quoted ones."""
    draws = Draws(rounds, galleries, splits, seed)
    BundlePage(OpenSetRecord, write_open_set_page, records, out).make(
        lambda folder: _measure_all(folder, bundles, draws), data, from_records=from_records
    )


def _measure_all(data: Path, bundles: Path, draws: Draws) -> Iterator[OpenSetRecord]:
    for path in sorted(bundles.glob(f"*/{MANIFEST_FILE}")):
        yield _measure(open_bundle(path.parent), data, draws)


def _measure(bundle: Bundle, data: Path, draws: Draws) -> OpenSetRecord:
    manifest = bundle.manifest
    images: Images | None = None
    cells: tuple[Cell, ...] = ()
    if manifest.identification is not None:
        images = _test_images(bundle, data)
        cells = tuple(OpenSet(manifest, images, draws).cells())
    return OpenSetRecord(
        bundle=manifest.name,
        version=manifest.version,
        sha256=manifest.onnx.sha256,
        people=0 if images is None else images.people,
        images=0 if images is None else len(images.labels),
        rounds=draws.rounds,
        galleries=draws.galleries,
        splits=draws.splits,
        seed=draws.seed,
        command=provenance.command(),
        git_revision=provenance.git_revision(),
        libraries=provenance.libraries(),
        cells=cells,
    )


def _test_images(bundle: Bundle, data: Path) -> Images:
    """Embed the bundle's test part, as its quoted rates were measured.

    Raises:
        DataError: The folder does not have the data set that it was calibrated on.
    """
    for path in (data / name for name in DATA_SETS.values()):
        if not path.exists():
            continue
        system = system_of(bundle, open_data(path))
        if system.own_data and isinstance(system.comparer, EmbeddingComparer):
            tested = system.tested.bounded(measured_per_identity(bundle.manifest))
            decoded = system.decode(tested)
            return Images(
                system.comparer.embed(decoded.pixels),
                decoded.source.labels(),
                system.metric,
                rule_of(bundle.manifest),
            )
    raise DataError(f"{data} does not have the data that {bundle.folder} was calibrated on")
