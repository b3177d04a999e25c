"""Domain check: how unusual an image is among those that the error rates were measured on.

Error rates say nothing of images unlike those that they were measured on. Each image gets a score
for its embedding and one for statistics of its pixels (`model.pixel_statistics`): how much likelier
they are among altered images than among the calibration images. The score's rank among those of the
calibration images makes it a conformal p-value (Vovk, Gammerman and Shafer 2005): of images like
them, of new identities, no more than the stated share is out of the domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.manifest import InputSpec, Kind, Manifest
from model.pixel_statistics import PixelStatistics
from model.schema.domain import DomainCheck, DomainPart, ScoreTable

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float32]
Scores = NDArray[np.float64]

_LIMIT = np.float32(6)
"""Standard deviations."""
_ROUNDING = 1e-9
"""Less than the share of one calibration image."""


@dataclass(frozen=True)
class Quadratic:
    """Quadratic function of some numbers.

    With z = scale · (x - mean), held within ±6, it is
    bias + weights · z + squares · z² - |subtracted z|² + |added z|².

    Attributes:
        bias: The value at the mean.
        mean: (features,).
        scale: (features,).
        weights: (features,).
        squares: (features,).
        subtracted: (directions, features).
        added: (directions, features), another number of them.
    """

    bias: float
    mean: Numbers
    scale: Numbers
    weights: Numbers
    squares: Numbers
    subtracted: Numbers
    added: Numbers

    @cached_property
    def _directions(self) -> Numbers:
        """All directions, (features, directions), those that are subtracted first."""
        return np.concatenate([self.subtracted, self.added]).T

    @cached_property
    def _signs(self) -> Numbers:
        return np.repeat([-1, 1], [len(self.subtracted), len(self.added)]).astype(np.float32)

    def scores(self, rows: Numbers) -> Scores:
        """Value of each row, (n, features): float64, (n,)."""
        z = standardised(rows, self.mean, self.scale)
        scores: Scores = np.add(z @ self.weights, self.bias, dtype=np.float64)
        if len(self._signs):
            inside: Numbers = z @ self._directions
            inside *= inside
            scores += inside @ self._signs
        z *= z
        scores += z @ self.squares
        return scores

    def numbers(self) -> Numbers:
        """All numbers in the order of the file."""
        vectors = (self.mean, self.scale, self.weights, self.squares)
        directions = (self.subtracted.ravel(), self.added.ravel())
        return np.concatenate([[self.bias], *vectors, *directions]).astype(np.float32)

    @classmethod
    def of(cls, part: DomainPart, numbers: Numbers) -> Quadratic:
        """Take a part's numbers, as `numbers` gives them."""
        rows = numbers[1:].reshape(-1, part.features)
        return cls(float(numbers[0]), *rows[:4], *np.split(rows[4:], [part.subtracted]))


def standardised(rows: Numbers, mean: Numbers, scale: Numbers) -> Numbers:
    """Subtract a mean from rows, (n, features), and scale them, within bounds."""
    z: Numbers = rows - mean
    z *= scale
    # An outlier in one number is enough where it is far out; farther, its square would be all.
    np.maximum(z, -_LIMIT, out=z)
    return np.minimum(z, _LIMIT, out=z)


class Domain:
    """Domain check of one bundle. It keeps no state, so that threads may share it.

    Attributes:
        check: Its description in the manifest.
        out_from: Percentile from which an image is out of the domain, in [0, 1].
    """

    def __init__(self, check: DomainCheck, numbers: Numbers, kind: Kind, spec: InputSpec) -> None:
        self.check = check
        self.out_from = 1 - check.false_flag_rate - _ROUNDING
        self._kind = kind
        self._statistics = PixelStatistics(spec)
        self._pixels = Quadratic.of(check.pixels, numbers[-check.pixels.numbers :])
        self._pixel_ranks = _Ranks(check.pixels.table, check.images)
        self._embedding: Quadratic | None = None
        self._embedding_ranks: _Ranks | None = None
        self._ranks_of_both: _Ranks | None = None
        if check.embedding is not None:
            self._embedding = Quadratic.of(check.embedding, numbers[: check.embedding.numbers])
            self._embedding_ranks = _Ranks(check.embedding.table, check.images)
        if check.both is not None:
            self._ranks_of_both = _Ranks(check.both, check.images)

    @classmethod
    def of(cls, bundle: Bundle) -> Domain | None:
        """Return the domain check of a bundle, None if it has none (see `reason_unknown`)."""
        check, numbers = bundle.manifest.domain, bundle.domain
        if check is None or numbers is None:
            return None
        return cls(check, numbers, bundle.manifest.kind, bundle.manifest.input)

    def percentiles(
        self, images: Pixels | None = None, embeddings: NDArray[Any] | None = None
    ) -> Scores:
        """Share of the calibration images that are less unusual than each image.

        With images and embeddings it is by the larger score, with one of them by that one's alone.

        Args:
            images: The graph's input, uint8 (n, h, w, c).
            embeddings: The graph's answers, (n, dim), float32, or uint8 for codes.

        Returns:
            float64, (n,), in [0, 1). 1 minus it is a conformal p-value.

        Raises:
            ValueError: Neither is given, or embeddings of a pair model, which has none.
        """
        parts: list[tuple[Scores, _Ranks]] = []
        if embeddings is not None:
            parts.append(self._of_embeddings(embeddings))
        if images is not None:
            scores = self._pixels.scores(self._statistics(images))
            parts.append((scores, self._pixel_ranks))
        if not parts:
            raise ValueError("a domain check needs images or embeddings")
        if len(parts) == 1 or self._ranks_of_both is None:
            scores, ranks = parts[-1]
            return ranks.percentiles(scores)
        return self._ranks_of_both.percentiles(np.maximum(parts[0][0], parts[1][0]))

    def is_out(self, percentiles: Scores) -> NDArray[np.bool_]:
        """Return whether each image is out of the domain, (n,), by its percentile."""
        return np.greater_equal(percentiles, self.out_from)

    def _of_embeddings(self, embeddings: NDArray[Any]) -> tuple[Scores, _Ranks]:
        if self._embedding is None or self._embedding_ranks is None:
            raise ValueError("a pair model has no embeddings")
        rows = embedding_numbers(embeddings, self._kind)
        return self._embedding.scores(rows), self._embedding_ranks


class _Ranks:
    """Ranks of scores among those of the calibration images."""

    def __init__(self, table: ScoreTable, images: int) -> None:
        self._scores = np.array(table.scores)
        self._shares = np.array([0, *table.counts]) / (images + 1)

    def percentiles(self, scores: Scores) -> Scores:
        """Share of calibration images with a smaller score, for each score."""
        shares: Scores = self._shares[np.searchsorted(self._scores, scores, side="left")]
        return shares


def embedding_numbers(embeddings: NDArray[Any], kind: Kind) -> Numbers:
    """Return embeddings, (n, dim), as numbers: those of codes are their bits, (n, 8 · dim)."""
    numbers = np.unpackbits(embeddings, axis=1) if kind is Kind.CODES else embeddings
    return numbers.astype(np.float32, copy=False)


def reason_unknown(manifest: Manifest) -> str:
    """Say why a bundle has no domain check, and what to do about it."""
    if manifest.schema_version == 1:
        return (
            "this bundle is of schema version 1, which has no domain check; renew it with "
            "`python -m training renew`, or calibrate it on your data"
        )
    return (
        f"this bundle was calibrated on {manifest.calibration.sample.images} images of "
        f"{manifest.calibration.sample.identities} identities, too few for a domain check; "
        "calibrate it on more"
    )
