"""Answers of the service, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from likewise_client.domain import ComparisonDomain, Domain
from likewise_client.location import Located

Interval = tuple[float, float]
Precision = Literal["fp32", "fp16", "int8"]
"""Number format of a graph."""


@dataclass(frozen=True)
class Model:
    """A model. Embeddings of two different `sha256` cannot be compared."""

    name: str
    version: str
    sha256: str
    precision: Precision | None = None


@dataclass(frozen=True)
class OperatingPoint:
    """Error rates of decisions at a threshold, measured on subjects the model has never seen.

    Attributes:
        target_fmr: The false match rate that the threshold aims at; None where it aims at none.
        fmr: False match rate: share of impostor pairs that are called the same.
        fmr_interval: Its 95 % interval.
        fnmr: False non-match rate: share of genuine pairs that are called different.
        fnmr_interval: Its 95 % interval.
    """

    target_fmr: float | None
    fmr: float
    fmr_interval: Interval
    fnmr: float
    fnmr_interval: Interval


@dataclass(frozen=True)
class Zone:
    """Zone of energies that are neither same nor different, and how often a decision is wrong.

    Attributes:
        low: Energies up to here are same; None where the energy never decides that (`note`).
        high: Energies above are different, and those in between unsure; None as for `low`.
        fmr: Share of impostor pairs that are decided to be the same.
        fmr_interval: Its 95 % interval.
        fnmr: Share of genuine pairs that are decided to be different.
        fnmr_interval: Its 95 % interval.
        impostor_unsure: Share of impostor pairs that are unsure.
        genuine_unsure: Share of genuine pairs that are unsure.
        note: Outcomes that no pair or every pair gets, and why; None where all three occur.
    """

    low: float | None
    high: float | None
    fmr: float
    fmr_interval: Interval
    fnmr: float
    fnmr_interval: Interval
    impostor_unsure: float
    genuine_unsure: float
    note: str | None


@dataclass(frozen=True)
class Verification:
    """The decision on two images.

    Attributes:
        same: True where the energy does not exceed the threshold.
        energy: Dissimilarity of the two images; small means same.
        threshold: The threshold of `same`, in units of the energy.
        decision: As `same`; by `zone` where costs or a pair of target rates were sent, and
            `unsure` between its limits.
        zone: Limits of the decision; None where neither costs nor target rates were sent, or the
            rates are withheld: it is then unsure.
        operating_point: Error rates at the threshold; None where they are withheld.
        likelihood_ratio: Probability density of the energy if the two are the same, over that if
            they are different; None where it is withheld.
        likelihood_ratio_interval: Its 95 % interval over people; None where the model has none, or
            it is withheld.
        model: The model that answered.
        domain: Whether the images are like those that the rates were measured on; None of a service
            that has no domain check.
        withheld: Why there are neither rates nor likelihood ratio; None where there are.
        meaning: The decision and how often such a decision is wrong, as a sentence; None of a
            service that gives none.
        images: Numbers of images of the two sides, whose threshold and rates these are.
        located: What is compared of each image; None of a model that compares whole images.
    """

    same: bool
    energy: float
    threshold: float
    decision: Literal["same", "different", "unsure"]
    operating_point: OperatingPoint | None
    likelihood_ratio: float | None
    model: Model
    likelihood_ratio_interval: Interval | None = None
    zone: Zone | None = None
    domain: Domain | None = None
    withheld: str | None = None
    meaning: str | None = None
    images: tuple[int, int] = (1, 1)
    located: tuple[Located, ...] | None = None


@dataclass(frozen=True)
class Embeddings:
    """One embedding for each image, in their order.

    Attributes:
        vectors: float32 (n, dim), or uint8 (n, bytes) of packed bits from a model of codes.
        model: The model that computed them.
        domain: As in `Verification`.
        located: As in `Verification`.
    """

    vectors: NDArray[Any]
    model: Model
    domain: Domain | None = None
    located: tuple[Located, ...] | None = None


@dataclass(frozen=True)
class Identification:
    """Error rates of a search in a gallery, each row of which is taken for another subject.

    Attributes:
        gallery_size: Rows of the gallery.
        fpir: False positive identification rate: share of probes of nobody in the gallery that
            match at least one row.
        fpir_interval: Its 95 % interval.
        fnmr: Share of probes that do not match the row of their own subject.
        fnmr_interval: Its 95 % interval.
        target_fpir: The rate that the threshold aims at; None where none was sent.
    """

    gallery_size: int
    fpir: float
    fpir_interval: Interval
    fnmr: float
    fnmr_interval: Interval
    target_fpir: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One probe against each row of a gallery; the rest as in `Verification`.

    Attributes:
        energies: float32 (n,); small means same.
        same: bool (n,).
        images: Numbers of images of the probe, and of each thing in the gallery.
        identification: Error rates of the whole search; None where there are none.
        identification_reason: Why there are none.
    """

    energies: NDArray[np.float32]
    same: NDArray[np.bool_]
    threshold: float
    operating_point: OperatingPoint | None
    model: Model
    domain: ComparisonDomain | None = None
    withheld: str | None = None
    images: tuple[int, int] = (1, 1)
    identification: Identification | None = None
    identification_reason: str | None = None
