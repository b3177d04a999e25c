"""Answers as text for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, log10

from likewise_client.domain import Domain
from likewise_client.manifest import Manifest, ModelSummary
from likewise_client.results import Comparison, OperatingPoint, Verification, Zone

_LARGEST_SAMPLE = 1_000_000
_AT_LEAST = 9.5
_NO_RATES = "outside what it was measured on: no error rates"


def percent(rate: float) -> str:
    """Format a rate in per cent, with two significant digits."""
    if rate == 0:
        return "0 %"
    digits = max(0, 1 - floor(log10(100 * rate)))
    return f"{100 * rate:.{min(digits, 4)}f} %"


def verification(answer: Verification) -> str:
    """Format a decision, with its error rate and model, a line each."""
    decided = _by_threshold(answer) if answer.zone is None else _by_zone(answer, answer.zone)
    model = f"{answer.model.name} {answer.model.version}"
    return "\n".join([*decided, *_domain(answer), *_likelihood_ratio(answer), model])


def _by_threshold(answer: Verification) -> Iterable[str]:
    """Format a decision of two outcomes: the threshold and the error rate.

    It is unsure only where a zone was asked for and withheld.
    """
    side = "at most" if answer.same else "above"
    yield (
        f"{answer.decision}: energy {answer.energy:.4g}, {side} the threshold of "
        f"{answer.threshold:.4g}"
    )
    yield error_rate(answer.operating_point, same=answer.same)


def _domain(answer: Verification) -> Iterable[str]:
    """Format why the images are out of the domain; nothing where they are not."""
    if answer.domain is not None and answer.domain.status == "out":
        yield outside(answer.domain)


def outside(domain: Domain) -> str:
    """Format why images are out of the domain."""
    return f"out of the domain: {domain.reason}"


def _likelihood_ratio(answer: Verification) -> Iterable[str]:
    """Format the likelihood ratio; nothing where it has no interval."""
    ratio, interval = answer.likelihood_ratio, answer.likelihood_ratio_interval
    if answer.zone is None and ratio is not None and interval is not None:
        low, high = interval
        yield f"likelihood ratio {_short(ratio)} ({_short(low)} to {_short(high)})"


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


def error_rate(point: OperatingPoint | Zone | None, *, same: bool) -> str:
    """Format the rate of wrong decisions of this kind, as a number out of so many pairs."""
    if point is None:
        return _NO_RATES
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


def search(answer: Comparison) -> str:
    """Format the error rates of the whole search, or why there are none."""
    found = answer.identification
    if found is None:
        return f"no error rates of the search: {answer.identification_reason}"
    low, high = found.fpir_interval
    return (
        f"of probes of nobody in a gallery of {found.gallery_size:,}, {percent(found.fpir)} "
        f"({percent(low)} to {percent(high)}) match a row"
    )


def models(found: Sequence[ModelSummary]) -> Iterable[str]:
    """Format each model, with its operating points."""
    for model in found:
        default = " (default)" if model.default else ""
        yield f"{model.name} {model.version}{default}: {model.summary}"
        for point in model.operating_points:
            target = (
                "equal errors in calibration"
                if point.target_fmr is None
                else f"--fmr {point.target_fmr:g}"
            )
            yield (
                f"  {target:<27} threshold {point.threshold:<10.4g} "
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
