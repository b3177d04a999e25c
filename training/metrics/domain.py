"""Fit of the domain check on the calibration images (see `model.domain`)."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.domain import Gaussian, Numbers, Scores
from model.schema.domain import (
    FALSE_FLAG_RATE,
    MAX_DIRECTIONS,
    MAX_DOMAIN_BYTES,
    MAX_FEATURES,
    MAX_SCORES,
    DomainCheck,
    DomainPart,
    ScoreTable,
)

Labels = NDArray[np.int64]

MIN_IMAGES: Final = 99
"""Fewest images for a p-value of 1 %."""
MIN_GROUPS: Final = 8
_FOLDS: Final = 10
_SHRINKAGE: Final = 0.1
"""Weight of equal variances in the covariance of the scaled numbers."""
_IMAGES_PER_DIRECTION: Final = 4
_TINY: Final = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class FittedDomain:
    """Domain check as a manifest describes it, with the content of its file."""

    check: DomainCheck
    data: bytes


def fit_domain(
    pixels: Numbers, embeddings: Numbers | None, labels: Labels, *, by_image: bool = False
) -> FittedDomain | None:
    """Fit a domain check.

    Args:
        pixels: Statistics of the calibration images' pixels, (n, features).
        embeddings: Their embeddings as numbers, (n, features); None for a pair model.
        labels: Each image's identity, (n,). Each score is by a fit without the image's identity.
        by_image: The identities are a closed set: each score is by a fit without the image.

    Returns:
        None where there are too few images or identities, or too many numbers in an embedding.
    """
    parts = [pixels] if embeddings is None else [embeddings, pixels]
    groups = np.arange(len(labels)) if by_image else labels
    if len(groups) < MIN_IMAGES or len(np.unique(groups)) < MIN_GROUPS:
        return None
    if any(rows.shape[1] > MAX_FEATURES for rows in parts):
        return None
    folds = _folds(groups)
    fitted = [_fit_part(rows, folds) for rows in parts]
    data = b"".join(gaussian.numbers().astype("<f4").tobytes() for gaussian, _ in fitted)
    described = [_describe(gaussian, scores) for gaussian, scores in fitted]
    both = np.max([scores for _, scores in fitted], axis=0)
    check = DomainCheck(
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        images=len(labels),
        identities=len(np.unique(labels)),
        embedding=None if embeddings is None else described[0],
        pixels=described[-1],
        both=None if embeddings is None else score_table(both),
    )
    return FittedDomain(check, data)


def fit_gaussian(rows: Numbers) -> Gaussian:
    """Fit a normal distribution to rows, (n, features).

    The numbers are scaled to unit variance; one variance takes the place of the smallest ones of
    their covariance, all of them that the rows are too few to tell apart.
    """
    exact = rows.astype(np.float64)
    mean, spread = exact.mean(axis=0), exact.std(axis=0)
    # A number that never varies is left out: it would be divided by zero.
    scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > _least(exact))
    scaled = (exact - mean) * scale
    _, singular, directions = np.linalg.svd(scaled, full_matrices=False)
    variances = (1 - _SHRINKAGE) * singular**2 / len(rows) + _SHRINKAGE
    total = (1 - _SHRINKAGE) * np.count_nonzero(scale) + _SHRINKAGE * rows.shape[1]
    count = _direction_count(*rows.shape)
    outside = (total - variances[:count].sum()) / (rows.shape[1] - count)
    weights = np.sqrt(np.maximum(0, 1 - outside / variances[:count]))
    return Gaussian(
        mean=mean.astype(np.float32),
        scale=(scale / np.sqrt(outside)).astype(np.float32),
        directions=(directions[:count] * weights[:, np.newaxis]).astype(np.float32),
    )


def cross_fitted_scores(rows: Numbers, folds: Labels) -> Scores:
    """Score each row, (n, features), by a fit to the rows of all other folds: (n,)."""
    scores = np.empty(len(rows))
    for fold in np.unique(folds):
        inside = folds == fold
        scores[inside] = fit_gaussian(rows[~inside]).scores(rows[inside])
    return scores


def score_table(scores: Scores) -> ScoreTable:
    """Make a table of scores: the largest half of it in full, the others evenly thinned out."""
    rising = np.sort(scores)
    counts = np.arange(1, len(rising) + 1)
    if len(rising) > MAX_SCORES:
        top = MAX_SCORES // 2
        thin = np.linspace(1, len(rising) - top, top).round().astype(int)
        counts = np.concatenate([thin, counts[-top:]])
    # Of equal scores only the last count tells how many are at most as large.
    values = rising[counts - 1]
    last = np.append(values[1:] > values[:-1], True)
    return ScoreTable(scores=tuple(values[last].tolist()), counts=tuple(counts[last].tolist()))


def _fit_part(rows: Numbers, folds: Labels) -> tuple[Gaussian, Scores]:
    """Fit a part and its cross-fitted scores, scaled so that the stated share of them exceeds 1."""
    scores, gaussian = cross_fitted_scores(rows, folds), fit_gaussian(rows)
    unit = max(float(np.quantile(scores, 1 - FALSE_FLAG_RATE)), _TINY)
    return replace(gaussian, scale=gaussian.scale / np.float32(np.sqrt(unit))), scores / unit


def _describe(gaussian: Gaussian, scores: Scores) -> DomainPart:
    directions, features = gaussian.directions.shape
    return DomainPart(features=features, directions=directions, table=score_table(scores))


def _folds(groups: Labels) -> Labels:
    """Divide the groups into folds at random, the same each time: each row's fold, (n,)."""
    _, index = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(0).permutation(index.max() + 1)
    folds: Labels = order[index] % _FOLDS
    return folds


def _direction_count(rows: int, features: int) -> int:
    by_size = MAX_DOMAIN_BYTES // (8 * features) - 2
    return min(features - 1, rows // _IMAGES_PER_DIRECTION, MAX_DIRECTIONS, by_size)


def _least(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smallest standard deviation that is not rounding, for each column."""
    least: NDArray[np.float64] = np.abs(rows).max(axis=0) * np.finfo(np.float32).eps * 10
    return least
