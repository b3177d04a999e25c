"""The figures of an evaluation as JSON."""

import math
from dataclasses import asdict

from training.evaluation.evaluate import Evaluation
from training.evaluation.labelled import LabelledRates
from training.metrics.reliability import ReliabilityBin
from training.report.verdict import Verdict


def as_json(
    evaluation: Evaluation, verdict: Verdict, reliability: tuple[ReliabilityBin, ...]
) -> dict[str, object]:
    """Return all figures of an evaluation, as they are written to `evaluation.json`."""
    manifest = evaluation.bundle.manifest
    return {
        "bundle": {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": manifest.onnx.sha256,
        },
        "verdict": asdict(verdict),
        "data": evaluation.data,
        "same_data_as_calibration": evaluation.same_data,
        "operating_points": [
            {
                "target_fmr": target,
                "threshold": threshold,
                "supported": point.supported,
                **rates.model_dump(),
            }
            for (target, threshold, rates), point in zip(
                evaluation.points, manifest.calibration.operating_points, strict=True
            )
        ],
        "accuracy": evaluation.accuracy.model_dump(),
        "conditions": evaluation.conditions.model_dump(),
        "by_domain": None if evaluation.by_domain is None else _groups(evaluation.by_domain),
        "by_label": [_groups(labelled) for labelled in evaluation.by_label],
        "likelihood_ratio_reliability": [_bin(one) for one in reliability],
    }


def _groups(labelled: LabelledRates) -> dict[str, object]:
    return {
        "column": labelled.column,
        "unlabelled_images": labelled.unlabelled,
        "groups": [group.model_dump() for group in labelled.groups],
    }


def _bin(one: ReliabilityBin) -> dict[str, object]:
    """Return a bin, with None in place of what is infinite, which JSON has not."""
    members = asdict(one)
    finite = {name: _finite(value) for name, value in members.items() if name != "interval"}
    return {**finite, "interval": [_finite(end) for end in one.interval]}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
