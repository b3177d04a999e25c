"""Domain check of a request: whether its images are like those that the rates were measured on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.domain import Domain, reason_unknown
from model.manifest import Manifest

MAX_CHECKED_ROWS = 1000
"""Rows of a gallery that are checked; of a larger gallery as many or fewer, evenly spaced."""
MAX_NAMED = 100
"""Rows of a gallery that are named as out of the domain."""
_NAMED_IN_A_SENTENCE = 3
_ROWS_AT_A_TIME = 128
_BYTES_AT_A_TIME = 1_000_000
_DIGITS = 3


class DomainStatus(StrEnum):
    """Result of a domain check."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DomainResult:
    """Domain check of the images of a request.

    Attributes:
        status: `out` where any image is out.
        images: Number of images.
        percentiles: For each image the share of the calibration images that are less unusual, in
            per cent; None where unknown.
        out: Positions of the images that are out.
        reason: Why it is out or unknown; None where it is in.
    """

    status: DomainStatus
    images: int
    percentiles: tuple[float, ...] | None
    out: tuple[int, ...]
    reason: str | None


@dataclass(frozen=True)
class GalleryResult:
    """Domain check of a gallery.

    Attributes:
        checked: Number of rows that were checked.
        out: Number of those that are out of the domain.
        rows: The first `MAX_NAMED` of these, as rows of the gallery.
    """

    checked: int
    out: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class ComparisonDomain:
    """Domain check of a probe, whose status is that of both, and of its gallery.

    `gallery` is None where unknown.
    """

    probe: DomainResult
    gallery: GalleryResult | None


def unknown(manifest: Manifest, images: int) -> DomainResult:
    """Return the result for a bundle without a domain check."""
    return DomainResult(DomainStatus.UNKNOWN, images, None, (), reason_unknown(manifest))


def check_images(
    domain: Domain | None,
    manifest: Manifest,
    names: Sequence[str],
    percentiles: NDArray[np.float64] | None,
) -> DomainResult:
    """Return the domain check of the images of a request.

    Args:
        domain: The bundle's domain check, None if it has none.
        manifest: The bundle's manifest.
        names: The images' names in messages.
        percentiles: Those of the images, (n,), as the domain check gives them; None without one.
    """
    if domain is None or percentiles is None:
        return unknown(manifest, len(names))
    return _result(domain, names, percentiles)


def _result(domain: Domain, names: Sequence[str], percentiles: NDArray[np.float64]) -> DomainResult:
    shares = percentiles.tolist()
    shown = tuple(round(100 * share, _DIGITS) for share in shares)
    out = tuple(i for i, share in enumerate(shares) if share >= domain.out_from)
    if not out:
        return DomainResult(DomainStatus.IN, len(names), shown, out, None)
    reason = _reason(domain, names, shown, out)
    return DomainResult(DomainStatus.OUT, len(names), shown, out, reason)


def _reason(
    domain: Domain, names: Sequence[str], percentiles: Sequence[float], out: Sequence[int]
) -> str:
    named = [f"{names[i]} ({percentiles[i]:g} %)" for i in out[:_NAMED_IN_A_SENTENCE]]
    more = len(out) - len(named)
    which = ", ".join(named) + (f" and {more} more" if more else "")
    return f"more unusual than {_usual(domain):g} % of the calibration images: {which}"


def _usual(domain: Domain) -> float:
    """Return the per cent of images like the calibration images that are in the domain."""
    return 100 * (1 - domain.check.false_flag_rate)


class GalleryCheck:
    """Domain check of a probe and its gallery by their embeddings; the rows may come in parts.

    At most `MAX_CHECKED_ROWS` rows are checked, so that the time does not grow with the gallery.
    """

    def __init__(
        self, domain: Domain | None, manifest: Manifest, probe: NDArray[Any], rows: int
    ) -> None:
        """Prepare for a gallery.

        Args:
            domain: The bundle's domain check, None if it has none.
            manifest: The bundle's manifest.
            probe: Its embedding, shape (dim,), or those of several images, (images, dim).
            rows: Number of rows in the whole gallery.
        """
        self._domain, self._manifest = domain, manifest
        rows_of_probe = np.atleast_2d(probe)
        images = len(rows_of_probe)
        self._probe = unknown(manifest, images)
        if domain is not None:
            names = ["the probe"] if images == 1 else [f"probe row {row}" for row in range(images)]
            self._probe = _result(domain, names, _of_rows(domain, rows_of_probe))
        self._stride = max(1, math.ceil(rows / MAX_CHECKED_ROWS))
        self._waiting: list[NDArray[Any]] = []
        self._places: list[int] = []
        self._taken = self._checked = self._out = 0
        self._rows: list[int] = []

    def take(self, gallery: NDArray[Any]) -> None:
        """Take the next rows, shape (n, dim), all of finite numbers."""
        first = -self._taken % self._stride
        chosen = gallery[first :: self._stride]
        self._taken += len(gallery)
        if self._domain is None or not len(chosen):
            return
        start = self._taken - len(gallery) + first
        self._places += range(start, self._taken, self._stride)
        self._waiting.append(chosen.copy())
        many = len(self._places) >= _ROWS_AT_A_TIME
        if many or len(self._places) * chosen[0].nbytes >= _BYTES_AT_A_TIME:
            self._check(self._domain)

    def result(self) -> ComparisonDomain:
        """Return the results, once all rows are taken.

        The status is `out` where the probe is out, or where so many rows are that one gallery in
        100 of rows like the calibration images would have as many (by Chernoff's bound, at the
        stated rate of false flags): of a single row one, of 100 rows six, of 1,000 rows 21.
        """
        if self._domain is None:
            return ComparisonDomain(self._probe, None)
        if self._places:
            self._check(self._domain)
        gallery = GalleryResult(self._checked, self._out, tuple(self._rows))
        if self._probe.status is DomainStatus.OUT or not self._is_unusual():
            return ComparisonDomain(self._probe, gallery)
        reason = (
            f"more unusual than {_usual(self._domain):g} % of the calibration images: "
            f"{self._out} of the {self._checked} rows of the gallery that were checked"
        )
        probe = self._probe
        out = DomainResult(DomainStatus.OUT, probe.images, probe.percentiles, (), reason)
        return ComparisonDomain(out, gallery)

    def _check(self, domain: Domain) -> None:
        rows = np.concatenate(self._waiting)
        out = np.flatnonzero(domain.is_out(_of_rows(domain, rows))).tolist()
        self._rows += [self._places[i] for i in out[: MAX_NAMED - len(self._rows)]]
        self._checked, self._out = self._checked + len(rows), self._out + len(out)
        self._waiting, self._places = [], []

    def _is_unusual(self) -> bool:
        assert self._domain is not None  # noqa: S101 (for the type checker)
        rate = self._domain.check.false_flag_rate
        return exceeds(self._out, self._checked, rate)


def _of_rows(domain: Domain, rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return the percentiles of embeddings; one that is out of the range of numbers is out."""
    with np.errstate(over="ignore", invalid="ignore"):
        return domain.percentiles(embeddings=rows)


def exceeds(count: int, of: int, rate: float) -> bool:
    """Return whether so many of some events are too many at a rate, at a level of that same rate.

    By Chernoff's bound (Hoeffding 1963, equation 2.1): the probability of as many is at most
    exp(-of · KL(count / of, rate)).
    """
    share = count / max(of, 1)
    if share <= rate:
        return False
    divergence = share * (math.log(share) - math.log(rate))
    if share < 1:
        divergence += (1 - share) * (math.log1p(-share) - math.log1p(-rate))
    return of * divergence >= -math.log(rate)
