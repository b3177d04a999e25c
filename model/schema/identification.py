"""Measured identification of a manifest: one probe against a gallery of many.

A false positive identification is a probe, of a person who is not in the gallery, with at least one
match in it; FPIR is the share of such probes (ISO/IEC 19795-1). All matches are returned, so that
FNIR, the share of probes whose own mate is not among them, does not depend on the gallery's size.
It is the FNMR at the threshold, but that people count alike in it, as they do in FPIR; in FNMR each
pair of images counts, and so people by the square of their number of images.
"""

from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from model.schema.fields import Count, Fraction, Frozen, Interval


class IdentificationRates(Frozen):
    """Error rates of a search in a gallery, with intervals over people."""

    fpir: Fraction
    fpir_interval: Interval
    fnmr: Fraction
    fnmr_interval: Interval

    @model_validator(mode="after")
    def _intervals_hold_their_rates(self) -> Self:
        for rate, (low, high) in ((self.fpir, self.fpir_interval), (self.fnmr, self.fnmr_interval)):
            if not low <= rate <= high:
                raise ValueError(f"rate {rate} lies outside its interval ({low}, {high})")
        return self


class IdentificationPoint(Frozen):
    """A threshold, chosen on the calibration people for a target and a size of gallery.

    `independent_probes` is the number of independent probes that the calibration people are worth
    at that threshold. `supported` is false where it is too small for the target (the rule of
    three: 299 for 1 %). `test` was measured on the test people.
    """

    gallery_size: int = Field(ge=1)
    target_fpir: Fraction
    threshold: FiniteFloat
    independent_probes: Count
    supported: bool
    test: IdentificationRates


class GalleryRates(Frozen):
    """FPIR on the test people for one size of gallery, at the thresholds of the test curve."""

    gallery_size: int = Field(ge=1)
    fpir: tuple[Fraction, ...]
    fpir_intervals: tuple[Interval, ...]

    @model_validator(mode="after")
    def _intervals_hold_their_rates(self) -> Self:
        for rate, (low, high) in zip(self.fpir, self.fpir_intervals, strict=True):
            if not low <= rate <= high:
                raise ValueError(f"rate {rate} lies outside its interval ({low}, {high})")
        return self


class Identification(Frozen):
    """Open-set identification: probes of people who are not in the gallery, one image of each.

    `people` are the test people, each both a probe and a member of galleries. `fnir` is their FNIR
    at the thresholds of the test curve, with its intervals over people; None of bundles that are
    older than it.
    """

    people: Count
    points: tuple[IdentificationPoint, ...] = Field(max_length=256)
    galleries: tuple[GalleryRates, ...] = Field(min_length=1, max_length=64)
    fnir: tuple[Fraction, ...] | None = None
    fnir_intervals: tuple[Interval, ...] | None = None

    @model_validator(mode="after")
    def _sizes_rise(self) -> Self:
        sizes = [gallery.gallery_size for gallery in self.galleries]
        if sizes != sorted(set(sizes)) or sizes[0] != 1:
            raise ValueError("the sizes of galleries must rise from 1")
        if any(point.gallery_size not in sizes for point in self.points):
            raise ValueError("an operating point is for a size of gallery that was not measured")
        return self

    @model_validator(mode="after")
    def _intervals_hold_fnir(self) -> Self:
        rates, intervals = self.fnir or (), self.fnir_intervals or ()
        if len(rates) != len(intervals):
            raise ValueError("each FNIR needs an interval")
        for rate, (low, high) in zip(rates, intervals, strict=True):
            if not low <= rate <= high:
                raise ValueError(f"rate {rate} lies outside its interval ({low}, {high})")
        return self

    @property
    def largest(self) -> int:
        """The largest gallery that was measured."""
        return self.galleries[-1].gallery_size
