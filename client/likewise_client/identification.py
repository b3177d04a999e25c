"""One against many: the part of a manifest."""

from __future__ import annotations

from dataclasses import dataclass

from likewise_client.results import Interval


@dataclass(frozen=True)
class IdentificationRates:
    """Error rates of a search in a gallery, measured on the test identities."""

    fpir: float
    fpir_interval: Interval
    fnmr: float
    fnmr_interval: Interval


@dataclass(frozen=True)
class IdentificationPoint:
    """Threshold of a target FPIR for a size of gallery."""

    gallery_size: int
    target_fpir: float
    threshold: float
    independent_probes: int
    supported: bool
    test: IdentificationRates


@dataclass(frozen=True)
class GalleryRates:
    """FPIR for a size of gallery, at the thresholds of the test curve."""

    gallery_size: int
    fpir: tuple[float, ...]
    fpir_intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class IdentificationFigures:
    """Measurements of one against many.

    `fnir` is at the thresholds of the test curve; None of a bundle that is older than it.
    """

    people: int
    points: tuple[IdentificationPoint, ...]
    galleries: tuple[GalleryRates, ...]
    fnir: tuple[float, ...] | None = None
    fnir_intervals: tuple[Interval, ...] | None = None
