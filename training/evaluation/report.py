"""Report of an evaluation: JSON, and one HTML file that contains its plots."""

import json
from pathlib import Path

from markupsafe import Markup

from training.evaluation.evaluate import Evaluation
from training.metrics import plots
from training.templates.render import percent, render


def write_report(evaluation: Evaluation, out: Path) -> None:
    """Write `evaluation.json` and `report.html` into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "evaluation.json").write_text(json.dumps(as_json(evaluation), indent=1) + "\n")
    (out / "report.html").write_text(_html(evaluation))


def as_json(evaluation: Evaluation) -> dict[str, object]:
    """Return all figures of an evaluation, as they are written to `evaluation.json`."""
    manifest = evaluation.bundle.manifest
    return {
        "bundle": {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": manifest.onnx.sha256,
        },
        "data": evaluation.data,
        "same_data_as_calibration": evaluation.same_data,
        "operating_points": [
            {"target_fmr": target, "threshold": threshold, **rates.model_dump()}
            for target, threshold, rates in evaluation.points
        ],
        "accuracy": evaluation.accuracy.model_dump(),
        "conditions": evaluation.conditions.model_dump(),
        "by_label": [
            {
                "column": labelled.column,
                "unlabelled_images": labelled.unlabelled,
                "groups": [group.model_dump() for group in labelled.groups],
            }
            for labelled in evaluation.by_label
        ],
    }


def _html(evaluation: Evaluation) -> str:
    thresholds = {
        "equal error" if target is None else percent(target): threshold
        for target, threshold, _ in evaluation.points
    }
    drawn = [
        ("Energies", plots.histogram(evaluation.pairs, thresholds)),
        ("DET curve", plots.det(evaluation.accuracy.curve)),
        ("ROC curve", plots.roc(evaluation.accuracy.curve)),
    ]
    return render(
        "report.html.j2",
        e=evaluation,
        m=evaluation.bundle.manifest,
        plots=[(title, Markup(svg)) for title, svg in drawn],  # noqa: S704 (our own SVG)
    )
