"""Number of false pairs to expect: the FMR at the threshold, times the number of all pairs."""

from __future__ import annotations

from dataclasses import dataclass

from bulk.errors import PairsError
from model.errors import OperatingPointError
from model.manifest import Manifest
from model.schema.fields import Interval
from model.scoring import Choice, choose, supported_targets


@dataclass(frozen=True)
class Expected:
    """Threshold of a search, and the false pairs that it lets through.

    Attributes:
        choice: The threshold, with its rates.
        compared: Number of pairs that are compared: n · (n − 1) / 2.
        pairs: FMR · compared: of images that all show different things as many pairs are expected
            under the threshold. Fewer are false where many show the same.
        interval: The same of the FMR's 95 % interval.
        is_supported: Whether the bundle was measured on enough people for so small an FMR.
        smallest: Smallest target FMR that is supported; None where none is.
    """

    choice: Choice
    compared: int
    pairs: float
    interval: Interval
    is_supported: bool
    smallest: float | None


def expect(
    manifest: Manifest, rows: int, *, threshold: float | None = None, fmr: float | None = None
) -> Expected:
    """Choose the threshold of a search among so many images, and the false pairs to expect.

    Args:
        manifest: The bundle's.
        rows: Number of images.
        threshold: One of the caller's.
        fmr: A target FMR; without both the bundle's default operating point decides.

    Raises:
        PairsError: The target FMR is not supported by what was measured.
    """
    targets = supported_targets(manifest.calibration)
    try:
        choice = choose(manifest.calibration, manifest.accuracy, threshold=threshold, fmr=fmr)
    except OperatingPointError as error:
        listed = ", ".join(f"{target:g}" for target in targets) or "none"
        raise PairsError(
            f"a target FMR of {fmr:g} is not supported by what was measured; supported: {listed}"
        ) from error
    smallest = min(targets, default=None)
    compared = rows * (rows - 1) // 2
    rates = choice.measured
    low, high = rates.fmr_interval
    by_target = not choice.is_own
    return Expected(
        choice,
        compared,
        rates.fmr * compared,
        (low * compared, high * compared),
        by_target or (smallest is not None and rates.fmr >= smallest),
        smallest,
    )


def in_words(expected: Expected) -> str:
    """Return the expectation as a sentence."""
    low, high = expected.interval
    among = f"among {expected.compared:,} pairs"
    if not expected.is_supported:
        limit = "no target" if expected.smallest is None else f"{expected.smallest:g}"
        most = f"by the interval there are up to {_number(high)} {among}"
        return (
            f"the number of false pairs is not supported by what was measured, FMRs of {limit} and "
            f"more; {most}"
        )
    rates = expected.choice.measured
    found, fewest, largest = (1 - rate for rate in (rates.fnmr, *reversed(rates.fnmr_interval)))
    return (
        f"false pairs to expect {among} of images that all show different things: "
        f"{_number(expected.pairs)} ({_number(low)} to {_number(high)}), by an FMR of "
        f"{rates.fmr:.2g}; of the pairs of one thing {found:.0%} are found ({fewest:.0%} to "
        f"{largest:.0%}), by the FNMR"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 (two digits)
