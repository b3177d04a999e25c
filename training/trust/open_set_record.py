"""Committed record of an open-set check of the identification rates that a bundle quotes."""

from __future__ import annotations

from pydantic import FiniteFloat

from model.schema.fields import Count, Fraction, Frozen, Interval
from training.trust.bundle_record import BundleRecord


class Measured(Frozen):
    """A rate with its 95 % interval over people."""

    rate: Fraction
    interval: Interval

    def holds(self, rate: float) -> bool:
        """Return whether the interval holds a rate."""
        low, high = self.interval
        return low <= rate <= high


class Cell(Frozen):
    """Drawn galleries of one size and kind, at one threshold.

    Attributes:
        gallery_size: People in a gallery.
        images: Images of a template.
        target_fpir: None of the default threshold.
        threshold: As the service chooses it.
        fpir: Mean over the galleries.
        range: FPIR of 95 % of the galleries.
        fnir: Of those in the galleries; people count alike.
        quoted_fpir: As the service answers it; None where it answers none.
        quoted_fnir: Likewise.
        fnmr: FNMR at the threshold, in which pairs of images count alike; None likewise.
        halves: Share of the divisions of the people in which FPIR of both halves agrees; None where
            that was not tried.
        inside: Share of them in which the interval of the one half holds the rate of the other.
    """

    gallery_size: int
    images: int
    target_fpir: Fraction | None
    threshold: FiniteFloat
    fpir: Measured
    range: Interval
    fnir: Measured
    quoted_fpir: Measured | None
    quoted_fnir: Measured | None
    fnmr: Measured | None
    halves: Fraction | None = None
    inside: Fraction | None = None

    @property
    def fpir_holds(self) -> bool | None:
        """Return whether the quoted interval holds the real FPIR; None where nothing is quoted."""
        return None if self.quoted_fpir is None else self.quoted_fpir.holds(self.fpir.rate)

    @property
    def fnir_holds(self) -> bool | None:
        """Return whether the quoted interval holds the real FNIR; None where nothing is quoted."""
        return None if self.quoted_fnir is None else self.quoted_fnir.holds(self.fnir.rate)

    @property
    def fnmr_holds(self) -> bool | None:
        """Return whether the interval of FNMR holds the real FNIR; None where nothing is quoted."""
        return None if self.fnmr is None else self.fnmr.holds(self.fnir.rate)


class OpenSetRecord(BundleRecord):
    """The check of one bundle; without cells where it quotes no identification rates."""

    people: Count
    images: Count
    rounds: Count
    galleries: Count
    splits: Count
    seed: int
    command: str
    git_revision: str
    libraries: dict[str, str]
    cells: tuple[Cell, ...]
