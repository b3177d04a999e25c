"""Figures of a run on its calibration part, by which settings are chosen before a test."""

from collections.abc import Iterator
from dataclasses import replace

from model.manifest import Metric
from training.config.schema import TrainingConfig
from training.errors import DataError
from training.evaluation.measured_value import MeasuredValue
from training.evaluation.system import SystemUnderTest
from training.export.bundle import Trained, exported
from training.export.presign_graph import before_sign
from training.inference.onnx_runtime import OnnxEncoder
from training.metrics.intervals import Z
from training.metrics.rates import RateTable, equal_error, threshold_at_fmr

FMRS = (0.1, 0.05, 0.01)


def calibration_figures(trained: Trained) -> Iterator[MeasuredValue]:
    """Measure a run's exported graph on the calibration part; the test part stays unread.

    These are the error rates of the calibration pairs, and those values of the config's protocols
    that can be measured with the calibration part in place of the test part. They are for choosing
    between systems, and are optimistic once something was chosen by them. The standard errors are
    those of one system: two that are measured on the same identities differ by less.

    Raises:
        DataError: No genuine or no impostor pairs in the calibration part.
    """
    graph, _, system, _ = exported(trained)
    if trained.config.metric is Metric.HAMMING:
        system = replace(system, activations=OnnxEncoder(before_sign(graph)).embed)
    split = replace(system.split, calibration=(), test=system.split.calibration)
    system = replace(system, split=split)
    yield from _error_rates(system, trained.config.measurement.images_per_identity)
    yield from _protocols(system, trained.config)


def _error_rates(system: SystemUnderTest, images_per_identity: int) -> Iterator[MeasuredValue]:
    pairs = system.pairs(system.tested, images_per_identity)
    table, equal = RateTable(pairs), equal_error(pairs)
    yield MeasuredValue(
        name="calibration: EER",
        value=equal.rate,
        standard_error=_fnmr_error(table, equal.threshold),
        standard_error_over="identities",
        trials=len(pairs.all_energies),
    )
    for fmr in FMRS:
        threshold = threshold_at_fmr(pairs.impostor, fmr)
        yield MeasuredValue(
            name=f"calibration: FNMR at FMR {100 * fmr:g} %",
            value=table.fnmr(threshold).rate,
            standard_error=_fnmr_error(table, threshold),
            standard_error_over="identities",
            trials=len(pairs.genuine),
        )


def _fnmr_error(table: RateTable, threshold: float) -> float:
    """Return the standard error of an FNMR, and about that of an EER at its threshold."""
    low, high = table.fnmr(threshold).interval
    return (high - low) / (2 * Z)


def _protocols(system: SystemUnderTest, config: TrainingConfig) -> Iterator[MeasuredValue]:
    for protocol in config.measurement.protocols:
        try:
            measured = tuple(system.measure((protocol,)))
        except DataError:  # The protocol's own list of images, or too few identities.
            continue
        for value in measured:
            yield value.model_copy(update={"name": f"calibration: {value.name}"})
