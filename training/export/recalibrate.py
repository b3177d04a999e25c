"""Recalibration: new thresholds for a bundle from other data, with the graph byte for byte."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.bundle import Bundle, Split, sha256, split_bytes
from model.locating.locator import Locator
from model.manifest import CalibrationSource, Manifest, SplitBy
from training.data.image_set import ImageSet
from training.data.split import DataSplit, IdentitySplit, split_in_two
from training.errors import ExportError
from training.evaluation.accuracy import measured_per_identity
from training.evaluation.manifest_figures import ManifestFigures, measure_figures
from training.evaluation.system import SystemUnderTest
from training.evaluation.unseen import Origin, split_unseen
from training.export.bundle_name import bundle_name
from training.export.int8_graph import Graphs, write_like
from training.inference.comparer import graph_comparer
from training.inference.locating import locator_of
from training.inference.self_check import check_graph
from training.runs import provenance
from training.stages import SILENT, Stages


@dataclass(frozen=True)
class Recalibration:
    """Manifest of a recalibrated bundle, and the number of identities left out as already seen."""

    manifest: Manifest
    left_out: int


def recalibrate(  # noqa: PLR0913 (each is an option of the command)
    bundle: Bundle,
    images: ImageSet,
    to: Path,
    seed: int = 0,
    *,
    include_known_names: bool = False,
    graphs: Graphs = Graphs.BOTH,
    stages: Stages = SILENT,
) -> Recalibration:
    """Write a bundle with the same graphs, calibrated on one half of some identities.

    The other half is the test part. Identities with the name of one that the bundle was trained or
    calibrated on are in neither half, unless `include_known_names` is set: for data sets that
    number their identities in the same way. The new bundle is named after its folder `to`; its
    version is the next patch. The stages are told what is being done.

    Raises:
        DataError: No identity is left, or too few for two halves.
        ExportError: The folder's name cannot be a bundle's, or the bundle is of a closed set.
        BundleError: The folder exists and is no bundle, or the graph fails its self-check.
    """
    name = bundle_name(to)
    _check_identities(bundle)
    stages.begin(f"reading {images.name}, and checking the graph")
    check_graph(bundle)
    fingerprint = images.fingerprint()
    unseen = split_unseen(
        Origin.of(bundle), images, fingerprint, include_known_names=include_known_names
    )
    split = split_in_two(unseen.take(images, "test"), seed)
    digests = _merge_splits(bundle, split)
    source = _source(bundle, images.name, fingerprint, seed)
    locator = locator_of(bundle)
    figures = measure_graph(bundle.manifest, bundle.onnx, images, split, locator, stages=stages)
    manifest = _changed(bundle, name, digests, source, figures)
    kept = graphs if bundle.graphs else Graphs.FP32  # A new one needs training images.
    manifest, others = kept.kept(manifest, bundle, images, split, stages=stages)
    write_like(replace(bundle, split=digests), manifest, to, figures.domain_data, others)
    return Recalibration(manifest, len(images.identities) - len(unseen.test))


def _changed(
    bundle: Bundle, name: str, digests: Split, source: CalibrationSource, figures: ManifestFigures
) -> Manifest:
    changes = {
        "name": name,
        "version": next_patch(bundle.manifest.version),
        "split_sha256": sha256(split_bytes(digests)),
        **_calibrated_on(bundle.manifest, source),
        "graphs": None,
        **figures.fields,
    }
    return bundle.manifest.model_copy(update=changes)


def _check_identities(bundle: Bundle) -> None:
    if bundle.manifest.split_by is SplitBy.IMAGE:
        raise ExportError(
            f"{bundle.folder} was trained on a closed set of classes; thresholds for other classes "
            "need a bundle whose identities were split"
        )


def _calibrated_on(manifest: Manifest, source: CalibrationSource) -> dict[str, Any]:
    """Return the manifest's origin with the new source, under its own name."""
    name = "adoption" if manifest.provenance is None else "provenance"
    return {name: manifest.origin.model_copy(update={"calibrated_on": source})}


def _source(bundle: Bundle, data: str, fingerprint: str, seed: int) -> CalibrationSource:
    return CalibrationSource(
        of=f"{bundle.manifest.name} {bundle.manifest.version}",
        data=data,
        data_sha256=fingerprint,
        seed=seed,
        command=provenance.command(),
        git_revision=provenance.git_revision(),
        calibrated_at=provenance.now(),
    )


def next_patch(version: str) -> str:
    """Return the version with its last number raised by one."""
    major, minor, patch = version.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def measure_graph(  # noqa: PLR0913 (parts of a bundle)
    manifest: Manifest,
    graph: bytes,
    images: ImageSet,
    split: DataSplit,
    locator: Locator | None = None,
    *,
    stages: Stages = SILENT,
) -> ManifestFigures:
    """Measure a graph with the input and metric of a manifest.

    At most as many images of one identity are compared as for the manifest's own figures. The
    stages are told how far it is.
    """
    stages.begin("measuring calibration and test identities")
    comparer = graph_comparer(graph, manifest.metric, stages)
    system = SystemUnderTest(
        *(comparer, manifest.input, images, split),
        seen=manifest.seen,
        locator=locator,
        stages=stages,
    )
    return measure_figures(system, measured_per_identity(manifest))


def _merge_splits(bundle: Bundle, split: IdentitySplit) -> Split:
    """Return the new calibration and test halves, plus every identity used before."""
    new, old = split.digests(), bundle.split
    if old is None:
        return new
    return Split(old.train, old.calibration | new.calibration, new.test)
