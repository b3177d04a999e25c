"""Error rates of one probe against a gallery: thresholds of target FPIRs, and FPIR at any size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.errors import IdentificationError
from model.manifest import GalleryRates, Identification, Manifest
from model.schema.fields import Interval
from model.scoring import Choice, hull, place_on, rates_at

NOT_MEASURED = "this bundle has no measurement of one against many; renew or calibrate it"


@dataclass(frozen=True)
class GalleryError:
    """Errors of a search in a gallery of so many people, with 95 % intervals over people.

    `fnir` is None of a bundle without it; FNMR then stands for it.
    """

    gallery_size: int
    fpir: float
    fpir_interval: Interval
    fnir: float | None = None
    fnir_interval: Interval | None = None


def choose_for_gallery(manifest: Manifest, gallery_size: int, fpir: float) -> Choice:
    """Choose the threshold of a target FPIR, for a gallery of so many people.

    Between two sizes it is that of the larger one, at which FPIR is lower.

    Raises:
        IdentificationError: The target is not supported for that size.
    """
    measured = manifest.identification
    points = [point for point in measured.points if point.supported] if measured else []
    enough = [
        point
        for point in points
        if point.target_fpir == fpir and point.gallery_size >= gallery_size
    ]
    if not enough:
        raise _unsupported(manifest, gallery_size, fpir)
    point = min(enough, key=lambda each: each.gallery_size)
    rates = rates_at(manifest.accuracy.curve, point.threshold)
    return Choice(point.threshold, None, rates, target_fpir=fpir)


def supported_galleries(manifest: Manifest) -> dict[float, int]:
    """The largest supported gallery of each supported target FPIR, largest target first."""
    measured = manifest.identification
    largest: dict[float, int] = {}
    for point in measured.points if measured else ():
        if point.supported:
            size = max(point.gallery_size, largest.get(point.target_fpir, 0))
            largest[point.target_fpir] = size
    return dict(sorted(largest.items(), reverse=True))


def error_of_gallery(manifest: Manifest, gallery_size: int, choice: Choice) -> GalleryError | None:
    """FPIR and FNIR of a search in a gallery of so many people, by the test figures.

    At the size and threshold of an operating point it is the measured rate. Else it is read off the
    table, between two sizes and two thresholds: FPIR rises with both. The interval holds those of
    both neighbours in either direction; the rate between two sizes is by a constant chance of no
    match for each further person.

    Returns:
        None where the bundle has no table, or none for so many.
    """
    measured = manifest.identification
    if measured is None or gallery_size > measured.largest:
        return None
    missed = _fnir_at(manifest, measured, choice.threshold)
    for point in measured.points:
        if (point.gallery_size, point.threshold) == (gallery_size, choice.threshold):
            return GalleryError(gallery_size, point.test.fpir, point.test.fpir_interval, *missed)
    sizes = [gallery.gallery_size for gallery in measured.galleries]
    above = int(np.searchsorted(sizes, gallery_size))
    rate, interval = _fpir_at(manifest, measured.galleries[above], choice.threshold)
    if sizes[above] != gallery_size:
        fewer, ends = _fpir_at(manifest, measured.galleries[above - 1], choice.threshold)
        share = (gallery_size - sizes[above - 1]) / (sizes[above] - sizes[above - 1])
        rate = 1 - (1 - fewer) ** (1 - share) * (1 - rate) ** share
        interval = hull(ends, interval)
    return GalleryError(gallery_size, rate, interval, *missed)


def reason_missing(manifest: Manifest, gallery_size: int) -> str:
    """Why there is no `error_of_gallery`."""
    measured = manifest.identification
    if measured is None:
        return NOT_MEASURED
    return (
        f"a gallery of {gallery_size:,} is not supported by what was measured; the largest gallery "
        f"is {measured.largest:,}"
    )


def _fpir_at(manifest: Manifest, gallery: GalleryRates, threshold: float) -> tuple[float, Interval]:
    return _at_threshold(manifest, gallery.fpir, gallery.fpir_intervals, threshold)


def _fnir_at(
    manifest: Manifest, measured: Identification, threshold: float
) -> tuple[float, Interval] | tuple[None, None]:
    if measured.fnir is None or measured.fnir_intervals is None:
        return None, None
    return _at_threshold(manifest, measured.fnir, measured.fnir_intervals, threshold)


def _at_threshold(
    manifest: Manifest, rates: Sequence[float], intervals: Sequence[Interval], threshold: float
) -> tuple[float, Interval]:
    """Read a rate off its values at the thresholds of the test curve."""
    above, share = place_on(manifest.accuracy.curve, threshold)
    if share in {0.0, 1.0}:
        place = above - 1 + int(share)
        return rates[place], intervals[place]
    low, high = rates[above - 1], rates[above]
    return low + share * (high - low), hull(intervals[above - 1], intervals[above])


def _unsupported(manifest: Manifest, gallery_size: int, fpir: float) -> IdentificationError:
    if manifest.identification is None:
        return IdentificationError(NOT_MEASURED, ())
    supported = supported_galleries(manifest)
    listed = ", ".join(f"{t:g} up to {size:,}" for t, size in supported.items()) or "none"
    return IdentificationError(
        f"a target FPIR of {fpir:g} for a gallery of {gallery_size:,} is not supported by what was "
        f"measured; supported, with the largest gallery: {listed}",
        tuple(supported.items()),
    )
