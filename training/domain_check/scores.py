"""Scores of the domain check: how much likelier numbers are in altered images than in like ones.

Both are quadratic functions of the numbers (`model.domain.Quadratic`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from model.domain import Numbers, Quadratic, standardised
from model.schema.domain import MAX_DIRECTIONS

Matrix = NDArray[np.float64]

_SHRINKAGE: Final = 0.1
"""Weight of equal variances in a covariance of scaled numbers."""
_IMAGES_PER_DIRECTION: Final = 4
_LOGISTIC_C: Final = 0.003
_LOGISTIC_ITERATIONS: Final = 300


@dataclass(frozen=True)
class Gaussian:
    """Normal distribution whose smallest variances are one (Tipping and Bishop 1999).

    The squared Mahalanobis distance of x is (x - mean)ᵀ (diag(precisions) - directionsᵀ directions)
    (x - mean).

    Attributes:
        mean: (features,).
        precisions: (features,).
        directions: (directions, features).
    """

    mean: Matrix
    precisions: Matrix
    directions: Matrix


def fit_gaussian(rows: Matrix) -> Gaussian:
    """Fit a normal distribution to rows, (n, features).

    The covariance is that of numbers scaled to unit variance, shrunk towards equal variances. One
    variance takes the place of its smallest ones, which the rows are too few to tell apart.
    """
    mean = rows.mean(axis=0)
    scale = _reciprocal(rows.std(axis=0), rows)
    _, singular, directions = np.linalg.svd((rows - mean) * scale, full_matrices=False)
    variances = (1 - _SHRINKAGE) * singular**2 / len(rows) + _SHRINKAGE
    total = (1 - _SHRINKAGE) * np.count_nonzero(scale) + _SHRINKAGE * rows.shape[1]
    count = _direction_count(*rows.shape)
    rest = (total - variances[:count].sum()) / (rows.shape[1] - count)
    weights = np.sqrt(np.maximum(0, 1 / rest - 1 / variances[:count]))
    return Gaussian(mean, scale**2 / rest, directions[:count] * weights[:, np.newaxis] * scale)


def relative_mahalanobis(like: Numbers, unlike: Numbers) -> Quadratic:
    """Squared Mahalanobis distance from like rows less that from unlike ones (Ren et al. 2021).

    Both are (n, features). A distance alone counts directions in which all images differ, and
    misses those in which networks collapse.
    """
    mean, scale = _standard(like)
    near, far = (
        fit_gaussian(standardised(rows, mean, scale).astype(np.float64)) for rows in (like, unlike)
    )
    (near_weights, near_bias), (far_weights, far_bias) = map(_expand, (near, far))
    return Quadratic(
        bias=near_bias - far_bias,
        mean=mean,
        scale=scale,
        weights=(near_weights - far_weights).astype(np.float32),
        squares=(near.precisions - far.precisions).astype(np.float32),
        subtracted=near.directions.astype(np.float32),
        added=far.directions.astype(np.float32),
    )


def quadratic_logistic(like: Numbers, unlike: Numbers) -> Quadratic:
    """Logistic regression on the numbers and their squares, both (n, features), equally weighted.

    For numbers that are too many for the covariances of `relative_mahalanobis`, and not normal.
    """
    mean, scale = _standard(like)
    rows = standardised(np.concatenate([like, unlike]), mean, scale)
    kinds = np.repeat([0, 1], [len(like), len(unlike)])
    model = LogisticRegression(
        C=_LOGISTIC_C, class_weight="balanced", max_iter=_LOGISTIC_ITERATIONS
    ).fit(np.concatenate([rows, rows**2], axis=1), kinds)
    weights, squares = model.coef_[0].astype(np.float32).reshape(2, -1)
    none = np.empty((0, len(weights)), dtype=np.float32)
    return Quadratic(float(model.intercept_[0]), mean, scale, weights, squares, none, none)


def _standard(like: Numbers) -> tuple[Numbers, Numbers]:
    """Mean and reciprocal standard deviation of each column; 0 for one that never varies."""
    exact = like.astype(np.float64)
    mean, spread = exact.mean(axis=0), exact.std(axis=0)
    return mean.astype(np.float32), _reciprocal(spread, exact).astype(np.float32)


def _expand(gaussian: Gaussian) -> tuple[Matrix, float]:
    """Linear weights and constant of a squared distance, (features,) and a number."""
    mean = gaussian.mean
    moved = gaussian.precisions * mean - gaussian.directions.T @ (gaussian.directions @ mean)
    return -2 * moved, float(mean @ moved)


def _direction_count(rows: int, features: int) -> int:
    return min(features - 1, rows // _IMAGES_PER_DIRECTION, MAX_DIRECTIONS)


def _reciprocal(spread: Matrix, rows: Matrix) -> Matrix:
    """Reciprocals of standard deviations; 0 where they are but the rounding of the rows."""
    least = np.abs(rows).max(axis=0) * np.finfo(np.float32).eps * 10
    reciprocals: Matrix = np.divide(1, spread, out=np.zeros_like(spread), where=spread > least)
    return reciprocals
