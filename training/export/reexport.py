"""Export of a bundle from its own graph, with the named config as it is now; needs no run."""

from pathlib import Path

from pydantic import ValidationError

from model.bundle import Bundle
from model.errors import faults
from model.manifest import Manifest, Provenance
from training.config.named import refresh_export
from training.config.schema import TrainingConfig
from training.data.image_set import ImageSet
from training.data.split import split_by_digests
from training.encoder import build_encoder
from training.errors import ExportError
from training.export.bundle import Trained, write_trained
from training.runs import provenance
from training.runs.looks import Ledger
from training.transfer.pretrained import open_weights, read_bundle


def renew(bundle: Bundle, images: ImageSet, to: Path, ledger: Ledger | None = None) -> Manifest:
    """Write a bundle of the same weights, as `export --as-now` would from its run.

    Views, whitening, version and card are those of the named config as it is now. Thresholds and
    accuracy are measured again, on the same identities of the same data. The new bundle is named
    after its folder `to`. With a ledger, a second look at the test part
    with other views or whitening is refused.

    Raises:
        SealedError: The layers changed since the system was measured on the test part.
        WeightsError: The graph cannot be read back.
        ExportError: The data differs, the bundle has no split, or it was calibrated on other data
            since; or what an export raises.
    """
    origin, digests = _provenance(bundle), bundle.split
    split = None
    if digests is not None and origin.calibrated_on is None:
        split = split_by_digests(images, digests, bundle.manifest.split_by)
    if digests is None or split is None or images.fingerprint() != origin.data_sha256:
        raise ExportError(
            f"{bundle.folder} was not trained, calibrated and measured on {images.name} as it is "
            "here; give that data, or train again"
        )
    try:
        former = TrainingConfig.model_validate_json(origin.config_json)
    except ValidationError as error:
        raise ExportError(
            f"the config of {bundle.folder} was written by another version and cannot be read: "
            f"{faults(error)}"
        ) from error
    config = refresh_export(former)
    encoder = build_encoder(config)
    read_bundle(open_weights(bundle.folder).architecture.served(encoder), bundle)
    changes = {"config_json": config.model_dump_json(), "renewed_by": provenance.command()}
    renewed = origin.model_copy(update=changes)
    trained = Trained(encoder.eval(), config, images, split, digests, renewed)
    # With the same layers the graph differs by rounding alone, which makes no other system.
    return write_trained(trained, to, ledger if config.export != former.export else None)


def _provenance(bundle: Bundle) -> Provenance:
    if bundle.manifest.provenance is None:
        raise ExportError(
            f"{bundle.folder} was adopted: its network is not known here, only its graph; adopt "
            "the encoder again, or fit the thresholds by calibrate"
        )
    return bundle.manifest.provenance
