"""Export of a bundle from its own graph, with the named config as it is now; needs no run."""

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from model.bundle import Bundle, Split
from model.errors import faults
from model.manifest import SCHEMA_VERSION, Manifest, Provenance
from training.config.named import refresh_export
from training.config.schema import TrainingConfig
from training.data.image_set import ImageSet
from training.data.split import DataSplit, split_by_digests
from training.encoder import build_encoder
from training.errors import ExportError
from training.evaluation.manifest_figures import ManifestFigures
from training.export.bundle import Trained, write_trained
from training.export.bundle_name import bundle_name
from training.export.int8_graph import Graphs, write_like
from training.export.recalibrate import measure_graph
from training.inference.locating import locator_of
from training.inference.self_check import check_graph
from training.runs import provenance
from training.runs.looks import Ledger
from training.serving_graph.locator_folder import TrainedLocator
from training.stages import SILENT, Stages
from training.transfer.pretrained import open_weights, read_bundle


def renew(  # noqa: PLR0913 (each is an option of the command)
    bundle: Bundle,
    images: ImageSet,
    to: Path,
    ledger: Ledger | None = None,
    graphs: Graphs = Graphs.FP32,
    *,
    locator: TrainedLocator | None = None,
    stages: Stages = SILENT,
) -> Manifest:
    """Write a bundle of the same weights, as `export --as-now` would from its run.

    Views, whitening, version and card are those of the named config as it is now. Thresholds and
    accuracy are measured again, on the same identities of the same data. Where views and whitening
    are as they were, the graphs stay byte for byte, so that stored embeddings stay valid. The new
    bundle is named after its folder `to`; it has the given locator, or the former one. With a
    ledger, a second look at the test part with other views or whitening is refused.

    Raises:
        SealedError: The layers changed since the system was measured on the test part.
        WeightsError: The graph cannot be read back.
        ExportError: The data differs, the bundle has no split, or it was calibrated on other data
            since; or what an export raises.
    """
    bundle_name(to)
    origin = _provenance(bundle)
    stages.begin(f"reading {images.name}, and checking the graph")
    digests, split = _split(bundle, images, origin)
    former = _former_config(bundle, origin)
    config = refresh_export(former)
    changes = {"config_json": config.model_dump_json(), "renewed_by": provenance.command()}
    renewed = origin.model_copy(update=changes)
    if locator is not None:
        bundle = _with_locator(bundle, locator)
    if config.export == former.export:
        figures = _measure(bundle, images, split, stages)
        manifest = _changed(bundle, config, renewed, figures, to)
        manifest, others = graphs.kept(manifest, bundle, images, split, stages=stages)
        write_like(bundle, manifest, to, figures.domain_data, others)
        return manifest
    encoder = build_encoder(config)
    read_bundle(open_weights(bundle.folder).architecture.served(encoder), bundle)
    kept = _locator(bundle)
    trained = Trained(encoder.eval(), config, images, split, digests, renewed, kept, stages)
    return write_trained(trained, to, ledger, graphs)


def _split(bundle: Bundle, images: ImageSet, origin: Provenance) -> tuple[Split, DataSplit]:
    """Return the split that the bundle was made with, as digests and by name."""
    digests, split = bundle.split, None
    if digests is not None and origin.calibrated_on is None:
        split = split_by_digests(images, digests, bundle.manifest.split_by)
    if digests is None or split is None or images.fingerprint() != origin.data_sha256:
        raise ExportError(
            f"{bundle.folder} was not trained, calibrated and measured on {images.name} as it is "
            "here; give that data, or train again"
        )
    return digests, split


def _former_config(bundle: Bundle, origin: Provenance) -> TrainingConfig:
    try:
        return TrainingConfig.model_validate_json(origin.config_json)
    except ValidationError as error:
        raise ExportError(
            f"the config of {bundle.folder} was written by another version and cannot be read: "
            f"{faults(error)}"
        ) from error


def _measure(bundle: Bundle, images: ImageSet, split: DataSplit, stages: Stages) -> ManifestFigures:
    check_graph(bundle)
    locator = locator_of(bundle)
    return measure_graph(bundle.manifest, bundle.onnx, images, split, locator, stages=stages)


def _with_locator(bundle: Bundle, locator: TrainedLocator) -> Bundle:
    changes = {"locator": locator.spec, "schema_version": SCHEMA_VERSION}
    manifest = bundle.manifest.model_copy(update=changes)
    return replace(bundle, manifest=manifest, locator=locator.graph)


def _locator(bundle: Bundle) -> TrainedLocator | None:
    if bundle.manifest.locator is None or bundle.locator is None:
        return None
    return TrainedLocator(bundle.manifest.locator, bundle.locator)


def _changed(
    bundle: Bundle, config: TrainingConfig, origin: Provenance, figures: ManifestFigures, to: Path
) -> Manifest:
    """Return the manifest of the bundle with its graph byte for byte, and with other figures."""
    changes = {
        "name": bundle_name(to),
        "version": config.version,
        "provenance": origin,
        "card": config.card,
        "graphs": None,
        **figures.fields,
    }
    return Manifest.model_validate(dict(bundle.manifest) | changes)


def _provenance(bundle: Bundle) -> Provenance:
    if bundle.manifest.provenance is None:
        raise ExportError(
            f"{bundle.folder} was adopted: its network is not known here, only its graph; adopt "
            "the encoder again, or fit the thresholds by calibrate"
        )
    return bundle.manifest.provenance
