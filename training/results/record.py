"""Committed record of a result: config, data, command and every measured value.

docs/results.md is made from records. There is one for each run that a claim rests on; its bundle
need not be shipped.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from model.bundle import Bundle, open_bundle
from model.manifest import Kind, Manifest, Provenance, SplitBy
from model.schema.fields import Frozen
from training.config.named import refresh_measurement
from training.config.schema import TrainingConfig
from training.config.variants import variant_of
from training.errors import RunError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.opening import system_of
from training.evaluation.system import SystemUnderTest
from training.evaluation.unseen import Origin
from training.export.presign_graph import before_sign
from training.inference.onnx_runtime import OnnxEncoder
from training.metrics.det import DetCurve
from training.runs import provenance
from training.runs.looks import Ledger, Look, test_digest
from training.runs.record_files import read_record_file, write_record_file
from training.runs.run_folder import RunFolder

EER = "EER, all pairs of the test identities"
FNMR = "FNMR at FMR 1 %, all pairs of the test identities"

EER_CLOSED = "EER, all pairs of the test images (classes known)"
FNMR_CLOSED = "FNMR at FMR 1 %, all pairs of the test images (classes known)"
_FIGURES = {SplitBy.IDENTITY: (EER, FNMR), SplitBy.IMAGE: (EER_CLOSED, FNMR_CLOSED)}


class Record(Frozen):
    """One run and its measured values."""

    record_version: int = 1
    config: TrainingConfig
    variant: str = ""
    seed: int
    data: str
    data_sha256: str
    parameters: int
    epochs: int
    training_seconds: float
    device: str
    train_command: str
    record_command: str
    git_revision: str
    libraries: dict[str, str]
    trained_at: str
    figures: tuple[MeasuredValue, ...]
    det: DetCurve | None = None
    """None in records that are older than the curves."""
    graph_sha256: str | None = None
    """Of the graph that was measured, or of those of all folds; None in older records."""
    test_sha256: str | None = None
    """Of the names of the test part (`Split.test_sha256`); None in older records."""

    @property
    def file_name(self) -> str:
        """File name: one for each config, variant and seed."""
        return f"{self.title}-seed{self.seed}.json"

    @property
    def title(self) -> str:
        """Name of the config, with its variant."""
        return f"{self.config.name}-{self.variant}" if self.variant else self.config.name

    @property
    def look(self) -> Look:
        """The look at the test part that it was measured by."""
        return Look(
            at=provenance.now(),
            title=self.title,
            config=self.config.name,
            seed=self.seed,
            data=self.data,
            test_sha256=self.test_sha256,
            graph_sha256=self.graph_sha256,
            command=self.record_command,
        )


def record_run(run: RunFolder, bundle_folder: Path, data: Path | None = None) -> Record:
    """Measure a run's bundle under every protocol that its config has now.

    Protocols and targets do not change the weights, so those that a config was given after its run
    was trained are measured without training again. Protocols that were set for the run stay.

    Give `data` where the data was moved since the run.

    Raises:
        RunError: The bundle is not of this run, was calibrated on other data since, or the data is
            not what the run began with.
    """
    bundle, begun = open_bundle(bundle_folder), run.record()
    made = _provenance(bundle.manifest)
    if made.config_json != run.config().model_dump_json():
        raise RunError(f"{bundle_folder} was not exported from {run.path}: their configs differ")
    if Origin.of(bundle).calibrated_on != begun.data_sha256:
        raise RunError(
            f"{bundle_folder} was calibrated on other data since its export; record the bundle as "
            "it was exported"
        )
    record = record_of_bundle(bundle.manifest)
    measured = exported_system(run, bundle, data).measure(record.config.measurement.protocols)
    changes = {
        "variant": variant_of(record.config),
        "epochs": len(run.history()),
        "device": begun.device,
        "record_command": provenance.command(),
        "test_sha256": None if bundle.split is None else test_digest(bundle.split),
        "figures": (*record.figures, *measured),
    }
    return record.model_copy(update=changes)


def record_of_bundle(manifest: Manifest) -> Record:
    """Make a record of what a bundle's export measured.

    Its protocols and targets are those that the config has now; the rest is as it was run.
    """
    made = _provenance(manifest)
    config = refresh_measurement(TrainingConfig.model_validate_json(made.config_json))
    return Record(
        config=config,
        variant="-".join(filter(None, (variant_of(config), "bundle"))),
        seed=made.seed,
        data=made.data,
        data_sha256=made.data_sha256,
        parameters=made.parameters,
        epochs=config.optimisation.epochs,
        training_seconds=made.training_seconds,
        device="a machine that it does not name",
        train_command=made.command,
        record_command=f"python -m training export RUN --to model/bundles/{manifest.name}",
        git_revision=made.git_revision,
        libraries=made.libraries,
        trained_at=made.trained_at,
        figures=tuple(_of_manifest(manifest)),
        det=DetCurve.of(manifest.accuracy.protocol, manifest.accuracy.curve),
        graph_sha256=manifest.onnx.sha256,
    )


def _provenance(manifest: Manifest) -> Provenance:
    if manifest.provenance is None:
        raise RunError(f"{manifest.name} was adopted: there is no run of it to record")
    return manifest.provenance


def write_record(record: Record, folder: Path, unseal: str | None = None) -> Path:
    """Write a record under its own name, note the look at the test part, and return its path.

    `unseal` is the reason for a second look by a changed system of the config and seed, which is
    refused without one.

    Raises:
        RunError: The record of another variant has the same file name.
        SealedError: The record of a changed system, without a reason.
    """
    ledger, look = Ledger(folder, unseal), record.look
    ledger.check(look)
    path = folder / record.file_name
    if path.exists() and read_record_file(Record, path).config.settings != record.config.settings:
        raise RunError(f"{path} is the record of another variant; give --to another folder")
    write_record_file(record, path)
    ledger.add(look)
    return path


def read_records(folder: Path) -> tuple[Record, ...]:
    """Read every record of a folder, by file name.

    Raises:
        RunError: A file is not a record.
    """
    return tuple(read_record_file(Record, path) for path in sorted(folder.glob("*.json")))


def _of_manifest(manifest: Manifest) -> Iterator[MeasuredValue]:
    accuracy = manifest.accuracy
    sample = accuracy.sample
    pairs = sample.genuine_pairs + sample.impostor_pairs
    sampled = pairs < sample.images * (sample.images - 1) // 2
    eer, fnmr = (
        name.replace("all pairs", "sampled pairs") if sampled else name
        for name in _FIGURES[manifest.split_by]
    )
    yield MeasuredValue(name=eer, value=accuracy.eer, trials=pairs)
    for point in manifest.calibration.operating_points:
        if point.target_fmr == 0.01:  # noqa: PLR2004 (the default target)
            yield MeasuredValue(name=fnmr, value=point.test.fnmr, trials=sample.genuine_pairs)
    for benchmark in accuracy.benchmarks:
        yield MeasuredValue(
            name=f"{benchmark.name}: {benchmark.measure}",
            value=benchmark.value,
            standard_error=benchmark.standard_error,
            standard_error_over=benchmark.standard_error_over,
            trials=benchmark.pairs,
        )


def exported_system(run: RunFolder, bundle: Bundle, data: Path | None = None) -> SystemUnderTest:
    """Make a run's bundle a system under test on the data that the run began with.

    Raises:
        RunError: The data is not what the run began with.
    """
    system = system_of(bundle, run.open_data(data), data or Path(run.record().data))
    if bundle.manifest.kind is not Kind.CODES:
        return system
    return replace(system, activations=OnnxEncoder(before_sign(bundle.onnx)).embed)
