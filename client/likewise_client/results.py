"""What the service answers, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]


@dataclass(frozen=True)
class Model:
    """Which model answered. Embeddings of two different `sha256` cannot be compared."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class OperatingPoint:
    """How often a decision at this threshold is wrong, on subjects the model has never seen.

    Attributes:
        target_fmr: What the threshold aims at; None where it aims at none.
        fmr: False match rate: different pairs that are taken for the same.
        fmr_interval: Its 95 % interval.
        fnmr: False non-match rate: same pairs that are taken for different.
        fnmr_interval: Its 95 % interval.
    """

    target_fmr: float | None
    fmr: float
    fmr_interval: Interval
    fnmr: float
    fnmr_interval: Interval


@dataclass(frozen=True)
class Verification:
    """Whether two images show the same thing.

    Attributes:
        same: The energy does not exceed the threshold.
        energy: How far apart they are; small means same.
        threshold: By which it was decided.
        operating_point: How often such a decision is wrong.
        likelihood_ratio: How many times likelier the energy is if they are the same.
        model: Which model answered.
    """

    same: bool
    energy: float
    threshold: float
    operating_point: OperatingPoint
    likelihood_ratio: float
    model: Model


@dataclass(frozen=True)
class Embeddings:
    """One embedding for each image, in their order.

    Attributes:
        vectors: float32 (n, dim), or uint8 (n, bytes) of packed bits from a model of codes.
        model: Which model made them.
    """

    vectors: NDArray[Any]
    model: Model


@dataclass(frozen=True)
class Comparison:
    """One probe against each row of a gallery.

    Attributes:
        energies: float32 (n,); small means same.
        same: bool (n,).
        threshold: By which it was decided.
        operating_point: How often such a decision is wrong.
        model: Which model answered.
    """

    energies: NDArray[np.float32]
    same: NDArray[np.bool_]
    threshold: float
    operating_point: OperatingPoint
    model: Model
