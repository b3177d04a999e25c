"""The scores of the domain check, against covariances by hand, SciPy's densities and gradients."""

import numpy as np
import pytest
from scipy import stats

from training.domain_check.scores import fit_gaussian, quadratic_logistic, relative_mahalanobis


def rows_of(rng, count, features=6, spread=1.0, centre=0.0):
    mixing = np.random.default_rng(99).normal(size=(features, features))
    return (centre + spread * rng.normal(size=(count, features)) @ mixing).astype(np.float32)


def shrunk(rows):
    covariance = np.cov(rows.T.astype(float), bias=True)
    return 0.9 * covariance + 0.1 * np.diag(np.diag(covariance))


def test_all_directions_give_the_mahalanobis_distance():
    rows = rows_of(np.random.default_rng(0), 300).astype(float)
    gaussian = fit_gaussian(rows)
    assert len(gaussian.directions) == 5
    inverse = np.diag(gaussian.precisions) - gaussian.directions.T @ gaussian.directions
    np.testing.assert_allclose(inverse, np.linalg.inv(shrunk(rows)), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(gaussian.mean, rows.mean(axis=0))


def test_a_number_that_never_varies_says_nothing():
    rng = np.random.default_rng(1)
    like, unlike = rows_of(rng, 100), rows_of(rng, 100, spread=3)
    like[:, 3] = unlike[:, 3] = 7
    odd = like[:5].copy()
    odd[:, 3] = 9
    for fit in (relative_mahalanobis, quadratic_logistic):
        score = fit(like, unlike)
        np.testing.assert_array_equal(score.scores(odd), score.scores(like[:5]))


def test_more_numbers_than_images_are_fitted_with_few_directions():
    rng = np.random.default_rng(2)
    like, unlike = rows_of(rng, 48, 300), rows_of(rng, 80, 300, spread=2)
    score = relative_mahalanobis(like, unlike)
    assert (score.subtracted.shape, score.added.shape) == ((12, 300), (20, 300))
    assert score.scores(unlike).mean() > score.scores(like).mean()


def test_the_relative_distance_is_that_of_two_normal_densities():
    """Twice the logarithm of the ratio of both densities, up to a constant."""
    rng = np.random.default_rng(3)
    like, unlike = rows_of(rng, 400), rows_of(rng, 300, spread=2, centre=1)
    near, far = (stats.multivariate_normal(r.mean(axis=0), shrunk(r)) for r in (like, unlike))
    points = like[:30]
    expected = 2 * (far.logpdf(points) - near.logpdf(points))
    scores = relative_mahalanobis(like, unlike).scores(points)
    # Bounding the standardised numbers of few unlike rows and the shrinkage in another scale
    # change the fit of the unlike ones a little.
    assert np.corrcoef(scores, expected)[0, 1] > 0.999
    assert np.polyfit(expected, scores, 1)[0] == pytest.approx(1, abs=0.05)


def test_the_logistic_regression_is_at_its_minimum():
    """The penalised loss, written out, has no gradient at the weights."""
    rng = np.random.default_rng(4)
    like, unlike = rows_of(rng, 200), rows_of(rng, 350, spread=1.5, centre=1)
    score = quadratic_logistic(like, unlike)
    rows = np.concatenate([like, unlike]).astype(float)
    z = np.clip((rows - score.mean) * score.scale, -6, 6)
    features = np.concatenate([z, z**2, np.ones((len(z), 1))], axis=1)
    kinds = np.repeat([0, 1], [len(like), len(unlike)])
    equal = np.where(kinds == 1, 550 / (2 * 350), 550 / (2 * 200))
    weights = np.concatenate([score.weights, score.squares, [score.bias]]).astype(float)
    missed = 1 / (1 + np.exp(-features @ weights)) - kinds
    penalty = np.append(weights[:-1], 0) / 0.003
    gradient = features.T @ (equal * missed) + penalty
    assert np.abs(gradient).max() < 1e-3 * np.abs(features.T @ equal).max()
    np.testing.assert_allclose(score.scores(rows[:9]), features[:9] @ weights, rtol=1e-4, atol=1e-4)
