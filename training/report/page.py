"""The report of an evaluation: `evaluation.json` and one HTML page that needs nothing else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from model.identification import GalleryError, error_of_gallery
from model.manifest import ErrorRates, Manifest, OperatingPoint
from model.scoring import choose
from training.config.sections import Tried
from training.evaluation.evaluate import Evaluation
from training.evaluation.labelled import NOTE_ON_GROUPS
from training.metrics.reliability import ReliabilityBin, reliability
from training.report import plots
from training.report.document import as_json
from training.report.verdict import Outcome, Verdict, verdict_of
from training.report.worst_pairs import SHOWN, WorstPairs, worst_pairs
from training.templates.render import percent, render

_HEADINGS = {
    Outcome.HOLDS: ("The target FMR holds", "The stated rates hold on this data"),
    Outcome.UNCLEAR: ("Not settled: too little data",) * 2,
    Outcome.HIGHER: ("The target FMR does not hold", "The stated rates do not hold on this data"),
}
"""Headings of the verdict on the bundle's own data, and on other data."""


@dataclass(frozen=True)
class Plot:
    """A plot of the page, with a description for who cannot see it, and a caption."""

    svg: Markup
    description: str
    caption: str


def write_report(evaluation: Evaluation, out: Path, pictures: int = SHOWN) -> None:
    """Write `evaluation.json` and `report.html` into a folder.

    The page shows some of the worst pairs of each kind as pictures, at most `pictures`.
    """
    out.mkdir(parents=True, exist_ok=True)
    verdict = verdict_of(evaluation)
    bins = reliability(evaluation.pairs, evaluation.bundle.manifest.calibration.likelihood_ratio)
    worst = worst_pairs(evaluation, pictures)
    document = as_json(evaluation, verdict, bins)
    (out / "evaluation.json").write_text(json.dumps(document, indent=1) + "\n")
    (out / "report.html").write_text(_html(evaluation, verdict, bins, worst), encoding="utf-8")


def _html(
    evaluation: Evaluation,
    verdict: Verdict,
    bins: tuple[ReliabilityBin, ...],
    worst: WorstPairs,
) -> str:
    manifest = evaluation.bundle.manifest
    points = zip(manifest.calibration.operating_points, evaluation.points, strict=True)
    return render(
        "report.html.j2",
        e=evaluation,
        m=manifest,
        verdict=verdict,
        heading=_HEADINGS[verdict.outcome][not evaluation.same_data],
        points=[(point, rates) for point, (*_, rates) in points],
        energies=_energies(evaluation),
        det=_det(evaluation),
        reliability=_reliability(bins),
        bins=bins,
        galleries=_galleries(manifest),
        worst=worst,
        note_on_groups=NOTE_ON_GROUPS,
        tried=_tried(manifest),
    )


def _tried(manifest: Manifest) -> tuple[Tried, ...]:
    """Candidates that the training chose among; none where it did not choose."""
    if manifest.provenance is None:
        return ()
    choice = json.loads(manifest.provenance.config_json).get("choice") or {}
    return tuple(Tried.model_validate_json(json.dumps(each)) for each in choice.get("tried", ()))


def _galleries(manifest: Manifest) -> list[GalleryError]:
    """FPIR that the bundle states for each size of gallery that was measured, by default."""
    if manifest.identification is None:
        return []
    default = choose(manifest.calibration, manifest.accuracy)
    sizes = (gallery.gallery_size for gallery in manifest.identification.galleries)
    errors = (error_of_gallery(manifest, size, default) for size in sizes)
    return [error for error in errors if error is not None]


def _energies(evaluation: Evaluation) -> Plot:
    thresholds = {name: point.threshold for name, point, _ in _aimed(evaluation)}
    listed = ", ".join(f"{name} at {threshold:.4g}" for name, threshold in thresholds.items())
    return Plot(
        _svg(plots.energies(evaluation.pairs, thresholds)),
        f"Histogram of the energies of genuine and impostor pairs. Thresholds: {listed}.",
        "Energies of the test pairs. Pairs left of a threshold are taken for the same; thresholds "
        "are named by the FMR that they aim at.",
    )


def _det(evaluation: Evaluation) -> Plot:
    rates = {name: (found.fmr, found.fnmr) for name, _, found in _aimed(evaluation)}
    listed = "; ".join(
        f"{name}: FMR {percent(fmr)}, FNMR {percent(fnmr)}" for name, (fmr, fnmr) in rates.items()
    )
    return Plot(
        _svg(plots.det(evaluation.accuracy.curve, rates)),
        f"DET curve of FNMR against FMR on the test pairs. {listed}.",
        "Both errors on the test pairs at every threshold, on normal-deviate axes. Dots: the "
        "supported operating points. Lower left is better.",
    )


def _reliability(bins: tuple[ReliabilityBin, ...]) -> Plot:
    return Plot(
        _svg(plots.reliability(bins)),
        "Likelihood ratios found on the test pairs against those claimed; the table below has the "
        "same figures.",
        "Likelihood ratios of the test pairs, by what is claimed. On the dashed line, pairs of a "
        "claimed ratio of 100 are 100 times as frequent among genuine as among impostor pairs.",
    )


def _aimed(evaluation: Evaluation) -> Iterator[tuple[str, OperatingPoint, ErrorRates]]:
    """Yield the supported points with a target: name, point, and the rates found."""
    points = evaluation.bundle.manifest.calibration.operating_points
    for point, (target, _, rates) in zip(points, evaluation.points, strict=True):
        if point.supported and target is not None:
            yield f"{100 * target:g} %", point, rates


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704 (our own SVG)
