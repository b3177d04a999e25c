"""Answers as text for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, log10

from likewise_client.manifest import Manifest, ModelSummary
from likewise_client.results import Comparison, OperatingPoint, Verification, Zone

_LARGEST_SAMPLE = 1_000_000
_AT_LEAST = 9.5


def percent(rate: float) -> str:
    """Format a rate in per cent, with two significant digits."""
    if rate == 0:
        return "0 %"
    digits = max(0, 1 - floor(log10(100 * rate)))
    return f"{100 * rate:.{min(digits, 4)}f} %"


def verification(answer: Verification) -> str:
    """Format a decision, with its error rate and model."""
    if answer.zone is not None:
        return "\n".join([*_by_zone(answer, answer.zone), _model(answer)])
    verdict = "same" if answer.same else "different"
    side = "at most" if answer.same else "above"
    return (
        f"{verdict}: energy {answer.energy:.4g}, {side} the threshold of {answer.threshold:.4g}\n"
        f"{error_rate(answer.operating_point, same=answer.same)}\n"
        f"{_likelihood_ratio(answer)}{_model(answer)}"
    )


def _model(answer: Verification) -> str:
    return f"{answer.model.name} {answer.model.version}"


def _likelihood_ratio(answer: Verification) -> str:
    """Format the likelihood ratio as a line, empty where it has no interval."""
    if answer.likelihood_ratio_interval is None:
        return ""
    low, high = answer.likelihood_ratio_interval
    return f"likelihood ratio {_short(answer.likelihood_ratio)} ({_short(low)} to {_short(high)})\n"


def _short(value: float) -> str:
    """Format a number with two significant digits."""
    return f"{float(f'{value:.2g}'):,g}"


def _by_zone(answer: Verification, zone: Zone) -> Iterable[str]:
    """Format a decision of three outcomes: the limits, the error rate, and the note on limits."""
    low = [] if zone.low is None else [f"same up to {zone.low:.4g}"]
    high = [] if zone.high is None else [f"different above {zone.high:.4g}"]
    yield f"{answer.decision}: {', '.join([f'energy {answer.energy:.4g}', *low, *high])}"
    if answer.decision == "unsure":
        yield (
            f"unsure are {percent(zone.genuine_unsure)} of the pairs of the same thing, and "
            f"{percent(zone.impostor_unsure)} of the pairs of different things"
        )
    else:
        yield error_rate(zone, same=answer.decision == "same")
    if zone.note is not None:
        yield zone.note


def error_rate(point: OperatingPoint | Zone, *, same: bool) -> str:
    """Format the rate of wrong decisions of this kind, as a number out of so many pairs."""
    rate, ends = (point.fmr, point.fmr_interval) if same else (point.fnmr, point.fnmr_interval)
    of = 100
    while of < _LARGEST_SAMPLE and rate * of < _AT_LEAST:
        of *= 10
    low, some, high = (f"{round(share * of):,}" for share in (ends[0], rate, ends[1]))
    if same:
        return f"of {of:,} pairs of different things about {some} ({low} to {high}) come as close"
    return f"of {of:,} pairs of the same thing about {some} ({low} to {high}) lie further apart"


def comparison(answer: Comparison) -> Iterable[str]:
    """Format each row of the gallery as a line: number, energy, decision."""
    for row, (energy, same) in enumerate(zip(answer.energies, answer.same, strict=True)):
        yield f"{row}\t{energy:.6g}\t{'same' if same else 'different'}"


def models(found: Sequence[ModelSummary]) -> Iterable[str]:
    """Format each model, with its operating points."""
    for model in found:
        default = " (default)" if model.default else ""
        yield f"{model.name} {model.version}{default}: {model.summary}"
        for point in model.operating_points:
            target = "equal error" if point.target_fmr is None else f"--fmr {point.target_fmr:g}"
            yield (
                f"  {target:<14} threshold {point.threshold:<10.4g} "
                f"FMR {percent(point.fmr):<9} FNMR {percent(point.fnmr)}"
            )


def manifest(model: Manifest) -> Iterable[str]:
    """Format one model: its card and its accuracy."""
    yield f"{model.name} {model.version}"
    yield model.card.summary
    yield f"for: {model.card.intended_use}"
    yield f"not for: {model.card.not_for}"
    yield f"data: {model.card.data_licence}"
    yield f"measured on {model.accuracy.protocol}"
    yield f"equal error rate {percent(model.accuracy.eer)}"
