import numpy as np
import pytest
from scipy.stats import t
from sklearn.linear_model import LogisticRegression

from training.experiments.coverage import Effects
from training.experiments.ratio_coverage import simulate_pairs
from training.metrics.likelihood import fit_line
from training.metrics.line_bootstrap import bootstrap_lines, fit_lines, line_uncertainty


@pytest.fixture(scope="module")
def clustered():
    return simulate_pairs(Effects.STRONG, 60, np.random.default_rng(1))


def covariance_by_scores(pairs):
    """Variance of the fit, robust to pairs that share subjects: H⁻¹ (Σ of scores' products) H⁻¹.

    Scores of two pairs are multiplied wherever they share a subject (Aronow, Samii, Assenova 2015),
    which the covariance of the sums by subject counts, less the pairs of dyads that it has twice.
    """
    slope, intercept = np.log(10) * np.array(fit_line(pairs))
    design = np.stack([np.ones(len(pairs.all_energies)), pairs.all_energies], axis=1)
    weight = np.where(pairs.is_genuine, 1 / len(pairs.genuine), 1 / len(pairs.impostor))
    posterior = 1 / (1 + np.exp(-design @ [intercept, slope]))
    hessian = (design * (weight * posterior * (1 - posterior))[:, np.newaxis]).T @ design
    scores = design * (weight * (pairs.is_genuine - posterior))[:, np.newaxis]
    genuine, impostor = np.split(scores, [len(pairs.genuine)])
    by_subject, by_dyad = np.zeros((pairs.subjects, 2)), np.zeros((pairs.subjects**2, 2))
    np.add.at(by_subject, pairs.genuine_subject, genuine)
    for side in (0, 1):
        np.add.at(by_subject, pairs.impostor_subjects[:, side], impostor)
    dyads = np.sort(pairs.impostor_subjects, axis=1) @ [pairs.subjects, 1]
    np.add.at(by_dyad, dyads, impostor)
    inverse = np.linalg.inv(hessian)
    meat = by_subject.T @ by_subject - by_dyad.T @ by_dyad
    return inverse @ meat @ inverse / np.log(10) ** 2


def test_the_variances_are_those_of_robust_standard_errors(clustered):
    expected = covariance_by_scores(clustered)
    found = line_uncertainty(clustered)
    matrix = [[found.intercept, found.covariance], [found.covariance, found.slope]]
    for energy in (-3.0, -1.5, 0.0, 1.5):
        at = np.array([1, energy])
        assert np.sqrt(at @ matrix @ at) == pytest.approx(np.sqrt(at @ expected @ at), rel=0.2)


def test_a_line_is_that_of_a_weighted_logistic_regression():
    rng = np.random.default_rng(3)
    energies = np.linspace(5, 9, 40)
    genuine, impostor = rng.exponential(size=(2, 3, 40)) * [[[3]], [[0.5]]]
    genuine *= np.exp(-((energies - 6) ** 2))
    impostor *= np.exp(-((energies - 8) ** 2))
    found = fit_lines(energies, genuine, impostor, 1e-12)
    for line, *kinds in zip(found, genuine, impostor, strict=True):
        weights = np.concatenate([kind / kind.sum() for kind in kinds])
        regression = LogisticRegression(C=1e10, tol=1e-10, max_iter=10_000)
        centred = np.tile(energies - 7, 2)[:, np.newaxis]
        regression.fit(centred, np.arange(80) < 40, weights)
        slope = regression.coef_[0, 0]
        assert line[1] == pytest.approx(slope, rel=1e-3)
        assert line[0] == pytest.approx(regression.intercept_[0] - 7 * slope, rel=1e-3)


def test_the_draws_lie_around_the_fitted_line(clustered):
    slope, intercept = fit_line(clustered)
    lines = bootstrap_lines(clustered, 200)
    assert np.median(lines, axis=0) == pytest.approx([intercept, slope], rel=0.1)
    np.testing.assert_array_equal(lines, bootstrap_lines(clustered, 200))


def test_more_images_of_few_people_are_not_more_people(pairs_of, scattered):
    pairs = scattered(subjects=10, genuine_each=4)
    copied = pairs_of(
        np.repeat(pairs.genuine, 9),
        np.repeat(pairs.genuine_subject, 9),
        np.repeat(pairs.impostor, 9),
        np.repeat(pairs.impostor_subjects, 9, axis=0),
    )
    once, copies = line_uncertainty(pairs), line_uncertainty(copied)
    assert copies.slope == pytest.approx(once.slope, rel=1e-4)
    assert copies.factor == once.factor == pytest.approx(t.ppf(0.975, 9), rel=1e-6)


@pytest.mark.parametrize("subjects", [2, 5])
def test_energies_that_do_not_overlap_have_a_finite_uncertainty(scattered, subjects):
    found = line_uncertainty(scattered(subjects=subjects, genuine_each=2, apart=30))
    assert np.isfinite([found.intercept, found.slope, found.covariance]).all()
