"""The fit of the domain check, on simulated people."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from model.bundle import Bundle
from model.domain import Domain
from model.schema.domain import PIXEL_FEATURES
from tests import fakes
from training.domain_check.fit import (
    Sample,
    cross_fitted_scores,
    fit_domain,
    is_possible,
    pool_samples,
    score_table,
)
from training.domain_check.scores import relative_mahalanobis

DIM = 8


def people(rng, count, images=2, features=DIM, spread=1.0):
    """Numbers of images whose mean depends on the person: (images, features), and labels."""
    labels = np.repeat(np.arange(count), images)
    mixing = np.random.default_rng(features).normal(size=(features, features))
    rows = rng.normal(size=(count, features))[labels] + rng.normal(size=(len(labels), features))
    return (spread * rows @ mixing + 5).astype(np.float32), labels


def sample_of(rng, count, images=2, spread=1.0):
    embeddings, labels = people(rng, count, images, spread=spread)
    return Sample(people(rng, count, images, PIXEL_FEATURES, spread)[0], embeddings, labels)


def opened(fitted):
    """The domain check as the service has it."""
    manifest = fakes.make_manifest(b"graph", golden=(0.0,) * DIM, dim=DIM, domain=fitted.check)
    numbers = np.frombuffer(fitted.data, dtype="<f4")
    return Domain.of(Bundle(Path(), manifest, b"graph", None, numbers))


def test_a_cross_fitted_score_is_by_a_fit_without_the_fold():
    rng = np.random.default_rng(3)
    (like, labels), (unlike, _) = people(rng, 40), people(rng, 40, spread=3)
    folds = labels % 4
    scores = cross_fitted_scores(like, unlike, (folds, folds), relative_mahalanobis)
    inside = folds == 2
    alone = relative_mahalanobis(like[~inside], unlike[~inside])
    np.testing.assert_array_equal(scores[inside], alone.scores(like[inside]))


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


def test_of_new_people_the_stated_share_is_out():
    """Over many data sets of 399 images; without cross-fitting it would not hold."""
    rng = np.random.default_rng(5)
    shares, naive = [], []
    for _ in range(40):
        (like, labels), (unlike, _) = people(rng, 133, 3, 40), people(rng, 133, 3, 40, 1.5)
        new, _ = people(rng, 300, 1, 40)
        score = relative_mahalanobis(like, unlike)
        by_person = (labels % 10, labels % 10)
        fair = cross_fitted_scores(like, unlike, by_person, relative_mahalanobis)
        for known, out in ((fair, shares), (score.scores(like), naive)):
            out.append((score.scores(new) > np.sort(known)[-4]).mean())
    low, high = stats.t.interval(0.999, 39, np.mean(shares), stats.sem(shares))
    # The fit to all people is a little better than those to nine tenths, which give the ranks.
    assert low <= 0.01 <= high + 0.002
    assert stats.ttest_1samp(naive, 0.01, alternative="greater").pvalue < 1e-3
    assert high < np.mean(naive)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(6)
    return fit_domain(sample_of(rng, 100), sample_of(rng, 100, spread=3))


def test_altered_images_are_out_and_new_people_are_not(fitted):
    domain, rng = opened(fitted), np.random.default_rng(7)
    far, near = sample_of(rng, 100, spread=4), sample_of(rng, 300, 1)
    assert domain.is_out(domain.percentiles(embeddings=far.embeddings)).mean() > 0.9
    assert domain.is_out(domain.percentiles(embeddings=near.embeddings)).mean() < 0.04


def test_the_middle_score_is_0_and_the_stated_share_exceeds_1(fitted):
    for part in (fitted.check.embedding, fitted.check.pixels):
        assert np.median(part.table.scores) == pytest.approx(0, abs=0.01)
        assert np.quantile(part.table.scores, 0.99) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("count", "images"), [(40, 2), (7, 20)], ids=["images", "identities"])
def test_too_few_images_or_identities_have_no_check(count, images):
    assert not is_possible(np.repeat(np.arange(count), images))
    assert is_possible(np.repeat(np.arange(50), 2))


def test_a_pair_model_has_a_check_of_its_pixels(fitted):
    rng = np.random.default_rng(8)
    like, unlike = (
        replace(sample_of(rng, 60, spread=spread), embeddings=None) for spread in (1.0, 3.0)
    )
    check = fit_domain(like, pool_samples([unlike, unlike])).check
    assert (check.images, check.identities) == (120, 60)
    assert (check.embedding, check.both) == (None, None)
    assert fitted.check.both is not None


def test_embeddings_of_too_many_numbers_have_no_check():
    rng = np.random.default_rng(9)
    sample = replace(sample_of(rng, 60), embeddings=np.zeros((120, 8193), dtype=np.float32))
    assert fit_domain(sample, sample) is None


def test_no_image_of_the_calibration_is_kept():
    """The file is of means, scales, weights and directions: too few numbers for the embeddings."""
    rng = np.random.default_rng(10)
    like = sample_of(rng, 500)
    fitted = fit_domain(like, sample_of(rng, 500, spread=3))
    kept = np.frombuffer(fitted.data, dtype="<f4")
    assert len(kept) == 1 + DIM * (4 + 2 * (DIM - 1)) + 1 + 4 * PIXEL_FEATURES
    windows = np.lib.stride_tricks.sliding_window_view(kept[: 1 + DIM * 18], DIM)
    apart = np.abs(windows[:, np.newaxis] - like.embeddings).max(axis=2)
    assert apart.min() > 0.05
