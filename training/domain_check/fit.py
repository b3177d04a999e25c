"""Fit of the domain check to like and altered images, with cross-fitted scores."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.domain import Numbers, Quadratic, Scores
from model.schema.domain import (
    FALSE_FLAG_RATE,
    MAX_FEATURES,
    MAX_SCORES,
    DomainCheck,
    DomainPart,
    ScoreTable,
)
from training.domain_check.alterations import altered
from training.domain_check.scores import quadratic_logistic, relative_mahalanobis

Labels = NDArray[np.int64]
Pixels = NDArray[np.uint8]
Fit = Callable[[Numbers, Numbers], Quadratic]
"""Numbers of like and of altered images, each (n, features), to a score."""

MIN_IMAGES: Final = 99
"""Fewest images for a p-value of 1 %."""
MIN_IDENTITIES: Final = 8
_FOLDS: Final = 10


@dataclass(frozen=True)
class Sample:
    """Numbers of some images.

    Attributes:
        pixels: Statistics of their pixels, (n, features).
        embeddings: Their embeddings as numbers, (n, features); None for a pair model.
        labels: Each image's identity, (n,).
    """

    pixels: Numbers
    embeddings: Numbers | None
    labels: Labels


def pool_samples(samples: Sequence[Sample]) -> Sample:
    """Join samples that all have embeddings, or none."""
    pixels, labels = (
        np.concatenate([getattr(sample, name) for sample in samples])
        for name in ("pixels", "labels")
    )
    embeddings = [sample.embeddings for sample in samples if sample.embeddings is not None]
    return Sample(pixels, np.concatenate(embeddings) if embeddings else None, labels)


Describe = Callable[[Pixels, Labels], Sample]
"""Images, uint8 (n, h, w, c), and their identities, (n,), to their numbers."""


@dataclass(frozen=True)
class FittedDomain:
    """Domain check as a manifest describes it, with the content of its file."""

    check: DomainCheck
    data: bytes


def is_possible(labels: Labels) -> bool:
    """Return whether images with these identities, (n,), are enough for a domain check."""
    return len(labels) >= MIN_IMAGES and len(np.unique(labels)) >= MIN_IDENTITIES


def fit_images(images: Pixels, labels: Labels, describe: Describe) -> FittedDomain | None:
    """Fit a domain check to calibration images, uint8 (n, h, w, c), of identities `labels`, (n,).

    Returns:
        None where they are too few, or the embeddings have too many numbers.
    """
    if not is_possible(labels):
        return None
    samples = [describe(other, labels[rows]) for rows, other in altered(images)]
    return fit_domain(describe(images, labels), pool_samples(samples))


def fit_domain(like: Sample, altered: Sample) -> FittedDomain | None:
    """Fit a domain check to the calibration images and to altered ones of the same identities.

    The calibration images' scores are by fits without any image of their identity, altered or not.

    Returns:
        None where the embeddings have too many numbers.
    """
    if like.embeddings is not None and like.embeddings.shape[1] > MAX_FEATURES:
        return None
    folds = _folds(like.labels, altered.labels)
    fitted = [_fit_part(like.pixels, altered.pixels, folds, quadratic_logistic)]
    if like.embeddings is not None and altered.embeddings is not None:
        part = _fit_part(like.embeddings, altered.embeddings, folds, relative_mahalanobis)
        fitted.insert(0, part)
    data = b"".join(quadratic.numbers().astype("<f4").tobytes() for quadratic, _ in fitted)
    described = [_describe(quadratic, scores) for quadratic, scores in fitted]
    both = np.max([scores for _, scores in fitted], axis=0)
    check = DomainCheck(
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        images=len(like.labels),
        identities=len(np.unique(like.labels)),
        embedding=None if len(fitted) == 1 else described[0],
        pixels=described[-1],
        both=None if len(fitted) == 1 else score_table(both),
    )
    return FittedDomain(check, data)


def cross_fitted_scores(
    like: Numbers, altered: Numbers, folds: tuple[Labels, Labels], fit: Fit
) -> Scores:
    """Score each like row, (n, features), by a fit to like and altered rows of the other folds."""
    scores = np.empty(len(like))
    for fold in np.unique(folds[0]):
        inside = folds[0] == fold
        quadratic = fit(like[~inside], altered[folds[1] != fold])
        scores[inside] = quadratic.scores(like[inside])
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


def _fit_part(
    like: Numbers, altered: Numbers, folds: tuple[Labels, Labels], fit: Fit
) -> tuple[Quadratic, Scores]:
    """Fit a part, so that the median of its scores is 0, and the stated share of them exceeds 1."""
    scores = cross_fitted_scores(like, altered, folds, fit)
    middle, high = np.quantile(scores, [0.5, 1 - FALSE_FLAG_RATE]).tolist()
    unit = max(high - middle, float(np.finfo(np.float32).eps))
    return _rescale(fit(like, altered), middle, unit), (scores - middle) / unit


def _rescale(quadratic: Quadratic, middle: float, unit: float) -> Quadratic:
    root = np.float32(np.sqrt(unit))
    return replace(
        quadratic,
        bias=(quadratic.bias - middle) / unit,
        weights=quadratic.weights / np.float32(unit),
        squares=quadratic.squares / np.float32(unit),
        subtracted=quadratic.subtracted / root,
        added=quadratic.added / root,
    )


def _describe(quadratic: Quadratic, scores: Scores) -> DomainPart:
    return DomainPart(
        features=len(quadratic.mean),
        subtracted=len(quadratic.subtracted),
        added=len(quadratic.added),
        table=score_table(scores),
    )


def _folds(labels: Labels, altered: Labels) -> tuple[Labels, Labels]:
    """Divide the identities into folds at random, the same each time: each image's fold."""
    known, index = np.unique(labels, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(known)) % _FOLDS
    return fold[index], fold[np.searchsorted(known, altered)]
