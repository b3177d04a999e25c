"""The domain check's fit, against SciPy, a hand-written covariance, and simulated new people."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from model.bundle import Bundle
from model.domain import Domain
from tests import fakes
from training.metrics.domain import (
    cross_fitted_scores,
    fit_domain,
    fit_gaussian,
    score_table,
)

PIXELS = 63


def people(rng, count, images=2, features=12, between=1.0):
    """Numbers of images whose mean depends on the person: (images, features), and labels."""
    labels = np.repeat(np.arange(count), images)
    mixing = np.random.default_rng(99).normal(size=(features, features))
    rows = between * rng.normal(size=(count, features))[labels] + rng.normal(
        size=(len(labels), features)
    )
    return (rows @ mixing + 5).astype(np.float32), labels


def test_all_directions_give_the_mahalanobis_distance():
    rows, _ = people(np.random.default_rng(0), 300)
    gaussian = fit_gaussian(rows)
    assert len(gaussian.directions) == 11
    covariance = np.cov(rows.T.astype(float), bias=True)
    shrunk = 0.9 * covariance + 0.1 * np.diag(np.diag(covariance))
    apart = rows[:40] - rows.mean(axis=0)
    expected = np.einsum("ij,jk,ik->i", apart, np.linalg.inv(shrunk), apart)
    np.testing.assert_allclose(gaussian.scores(rows[:40]), expected, rtol=1e-3)


def test_a_number_that_never_varies_says_nothing():
    rows, _ = people(np.random.default_rng(1), 100)
    rows[:, 3] = 7
    odd = rows[:5].copy()
    odd[:, 3] = 9
    gaussian = fit_gaussian(rows)
    np.testing.assert_array_equal(gaussian.scores(odd), gaussian.scores(rows[:5]))


def test_more_numbers_than_images_are_fitted_with_few_directions():
    rows, _ = people(np.random.default_rng(2), 50, features=300)
    gaussian = fit_gaussian(rows)
    assert gaussian.directions.shape == (25, 300)
    assert (gaussian.scores(rows) > 0).all()


def test_a_cross_fitted_score_is_by_a_fit_without_the_fold():
    rows, labels = people(np.random.default_rng(3), 40)
    folds = labels % 4
    scores = cross_fitted_scores(rows, folds)
    inside = folds == 2
    np.testing.assert_array_equal(scores[inside], fit_gaussian(rows[~inside]).scores(rows[inside]))


def test_a_table_keeps_the_largest_scores_and_thins_out_the_rest():
    scores = np.random.default_rng(4).exponential(size=3000)
    table = score_table(scores)
    assert len(table.scores) == 512
    assert table.scores[-256:] == tuple(np.sort(scores)[-256:].tolist())
    for score, count in zip(table.scores, table.counts, strict=True):
        assert count == (scores <= score).sum()


def test_equal_scores_are_counted_together():
    table = score_table(np.array([2.0, 1.0, 2.0, 2.0]))
    assert (table.scores, table.counts) == ((1.0, 2.0), (1, 4))


def new_domain(pixels, embeddings, labels):
    """A domain check as the service has it, whose pixels' statistics are never asked for."""
    fitted = fit_domain(pixels, embeddings, labels)
    manifest = fakes.make_manifest(b"graph", golden=(0.0,) * 12, dim=12, domain=fitted.check)
    numbers = np.frombuffer(fitted.data, dtype="<f4")
    return Domain.of(Bundle(Path(), manifest, b"graph", None, numbers))


def test_of_new_people_the_stated_share_is_out():
    """Over many data sets of 399 images; without cross-fitting it would not hold."""
    rng = np.random.default_rng(5)
    out, naive = [], []
    for _ in range(40):
        embeddings, labels = people(rng, 133, images=3)
        pixels, _ = people(rng, 133, images=3, features=PIXELS)
        domain = new_domain(pixels, embeddings, labels)
        new, _ = people(rng, 300, images=1)
        out.append(domain.is_out(domain.percentiles(embeddings=new)).mean())
        gaussian = fit_gaussian(embeddings)
        naive.append((gaussian.scores(new) > np.sort(gaussian.scores(embeddings))[-4]).mean())
    low, high = stats.t.interval(0.999, 39, np.mean(out), stats.sem(out))
    assert low <= 0.01 <= high
    assert stats.ttest_1samp(naive, 0.01, alternative="greater").pvalue < 1e-3


@pytest.mark.parametrize(("count", "images"), [(40, 2), (7, 20)], ids=["images", "identities"])
def test_too_few_images_or_identities_have_no_check(count, images):
    pixels, labels = people(np.random.default_rng(6), count, images, features=PIXELS)
    assert fit_domain(pixels, None, labels) is None


def test_a_closed_set_is_cross_fitted_by_image():
    pixels, labels = people(np.random.default_rng(7), 5, 40, features=PIXELS, between=5)
    assert fit_domain(pixels, None, labels) is None
    fitted = fit_domain(pixels, None, labels, by_image=True)
    assert (fitted.check.images, fitted.check.identities) == (200, 5)
    assert fitted.check.embedding is None


def test_no_image_of_the_calibration_is_kept():
    """The file has a mean, a scale and directions: far fewer numbers than the embeddings."""
    embeddings, labels = people(np.random.default_rng(8), 200)
    pixels, _ = people(np.random.default_rng(9), 200, features=PIXELS)
    fitted = fit_domain(pixels, embeddings, labels)
    kept = np.frombuffer(fitted.data, dtype="<f4")
    assert len(kept) == 12 * 13 + PIXELS * 64
    windows = np.lib.stride_tricks.sliding_window_view(kept, 12)
    apart = np.abs(windows[:, np.newaxis] - embeddings[:50]).max(axis=2)
    assert apart.min() > 0.01
