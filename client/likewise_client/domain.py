"""Domain check: the part of an answer, and the part of a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Domain:
    """Result of the domain check: whether images are like those that the rates were measured on.

    Attributes:
        status: `out` where any image is more unusual than 99 % of the calibration images; `unknown`
            where the model has no domain check.
        percentile: For each image, of a comparison for the probe, the share of the calibration
            images that are less unusual, in per cent; None where unknown.
        reason: Why it is out or unknown; None where it is in.
    """

    status: Literal["in", "out", "unknown"]
    percentile: tuple[float, ...] | None = None
    reason: str | None = None


@dataclass(frozen=True)
class GalleryDomain:
    """Domain check of a gallery.

    Attributes:
        checked: Number of rows that were checked; of a large gallery, a sample.
        out: Number of those that are out of the domain.
        rows: The first of these, as rows of the gallery.
    """

    checked: int
    out: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class ComparisonDomain(Domain):
    """Domain check of a probe and its gallery, by their embeddings.

    `gallery` is None where unknown.
    """

    gallery: GalleryDomain | None = None


@dataclass(frozen=True)
class ScoreTable:
    """`counts[i]` calibration images have a score of at most `scores[i]`."""

    scores: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class DomainPart:
    """Score of the embeddings, or of the pixels, with those of the calibration images."""

    features: int
    subtracted: int
    added: int
    table: ScoreTable


@dataclass(frozen=True)
class DomainCheck:
    """Description of the domain check, whose numbers lie in a file of the bundle."""

    sha256: str
    bytes: int
    images: int
    identities: int
    embedding: DomainPart | None
    pixels: DomainPart
    both: ScoreTable | None
    statistic: Literal["quadratic"] = "quadratic"
    statistic_version: Literal[2] = 2
    file: Literal["domain.bin", "domain.int8.bin"] = "domain.bin"
    false_flag_rate: float = 0.01
