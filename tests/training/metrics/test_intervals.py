import numpy as np
import pytest
from scipy.stats import binomtest, multivariate_normal, norm, t

from training.metrics.intervals import (
    DependentErrors,
    Precision,
    Sharing,
    Z,
    clustered_errors,
    dyadic_errors,
    effective,
    required_trials,
    wilson,
)


@pytest.mark.parametrize(("errors", "trials"), [(0, 10), (1, 10), (7, 20), (500, 1000), (30, 30)])
def test_wilsons_interval_is_scipys(errors, trials):
    expected = binomtest(errors, trials).proportion_ci(0.95, method="wilson")
    low, high = wilson(errors / trials, trials)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert 0 <= low <= errors / trials <= high <= 1


@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.3, 1.0])
@pytest.mark.parametrize("trials", [1, 2.5, 1e6, 1e12])
def test_wilsons_interval_holds_the_rate_at_any_size(rate, trials):
    low, high = wilson(rate, trials)
    assert 0 <= low <= rate <= high <= 1


def test_z_is_the_quantile_of_95_percent():
    assert pytest.approx(norm.ppf(0.975), abs=1e-6) == Z


def mean_product(residual, shares):
    """Mean product of the residuals of two different comparisons that share what is asked."""
    found = [
        residual[i] * residual[j]
        for i in range(len(residual))
        for j in range(len(residual))
        if i != j and shares(i, j)
    ]
    return len(found), sum(found) / len(found)


def check(errors, found, kinds):
    """Compare with double sums over comparisons, and with the equation of the correction."""
    rate = np.mean(errors)
    assert found.rate == pytest.approx(rate)
    assert found.comparisons == len(errors)
    for sharing, shares in zip(found.sharing, kinds, strict=True):
        number, mean = mean_product(errors - rate, shares)
        assert sharing.number == number
        assert sharing.covariance == pytest.approx(max(0.0, mean + found.variance), abs=1e-9)


def test_the_covariances_of_genuine_errors_are_double_sums():
    rng = np.random.default_rng(5)
    subject = rng.integers(0, 8, 90)
    errors = (rng.random(90) < 0.1 + 0.08 * subject).astype(float)
    found = clustered_errors(np.bincount(subject, errors), np.bincount(subject).astype(float))
    check(errors, found, [lambda i, j: subject[i] == subject[j]])
    assert found.sharing[0].covariance > 0


def dyadic(errors, left, right, subjects):
    dyad = left * subjects + right
    return dyadic_errors(
        np.bincount(left, errors, subjects) + np.bincount(right, errors, subjects),
        np.bincount(np.concatenate([left, right]), minlength=subjects).astype(float),
        np.bincount(dyad, errors, subjects**2),
        np.bincount(dyad, minlength=subjects**2).astype(float),
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_covariances_of_impostor_errors_are_double_sums(seed):
    rng = np.random.default_rng(seed)
    effect = rng.random(9)
    # Uneven: between one and three pairs of each two subjects.
    dyads = [(a, b) for a in range(9) for b in range(a) for _ in range(rng.integers(1, 4))]
    errors = np.array([float(rng.random() < effect[a] * effect[b]) for a, b in dyads])
    found = dyadic(errors, *np.array(dyads).T, 9)

    def shared(i, j):
        return len({*dyads[i]} & {*dyads[j]})

    check(errors, found, [lambda i, j: shared(i, j) == 1, lambda i, j: shared(i, j) == 2])
    assert found.sharing[0].covariance > 0


def test_the_variance_of_a_rate_is_the_sum_of_its_covariances():
    errors = DependentErrors(10, 0.3, (Sharing(30, 0.02), Sharing(4, 0.1)))
    assert errors.variance == pytest.approx((10 * 0.21 + 0.6 + 0.4) / 100)


@pytest.mark.parametrize("subjects", [10, 40])
def test_the_variance_of_a_few_peoples_rate_is_right_on_average(subjects):
    rng = np.random.default_rng(subjects)
    left, right = np.triu_indices(subjects, k=1)
    found = []
    for _ in range(1500):
        effect = rng.random(subjects) < 0.5
        found.append(dyadic((effect[left] & effect[right]).astype(float), left, right, subjects))
    variances = [one.variance for one in found]
    assert np.mean(variances) == pytest.approx(np.var([one.rate for one in found]), rel=0.15)


def test_independent_errors_are_worth_about_their_number():
    errors = (np.random.default_rng(0).random(4000) < 0.2).astype(float)
    found = clustered_errors(errors, np.ones(4000))
    trials = Precision(found, 4000, 4000).independent_trials(found)
    assert trials == pytest.approx(4000, rel=0.01)


def test_copies_of_one_error_are_worth_one():
    errors = (np.random.default_rng(0).random(300) < 0.3).astype(float)
    found = clustered_errors(10 * errors, np.full(300, 10.0))
    trials = Precision(found, 300, 300).independent_trials(found)
    assert trials == pytest.approx(300, rel=0.01)


def test_the_variance_at_another_rate_is_that_of_the_copula():
    def covariance(rate, correlation):
        together = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]])
        return together.cdf([norm.ppf(rate)] * 2) - rate**2

    covariances = [Sharing(400, covariance(0.2, 0.3)), Sharing(90, covariance(0.2, 0.6))]
    precision = Precision(DependentErrors(50, 0.2, tuple(covariances)), 9, 40)
    assert precision.variance(0.2) == pytest.approx(precision.tail.variance, rel=1e-5)
    expected = 50 * 0.01 * 0.99 + 400 * covariance(0.01, 0.3) + 90 * covariance(0.01, 0.6)
    assert precision.variance(0.01) == pytest.approx(expected / 50**2, rel=1e-3)


def independent(comparisons, clusters=None, subjects=None):
    tail = DependentErrors(comparisons, 0.2, (Sharing(0, 0.0),))
    return Precision(tail, subjects or comparisons, clusters or comparisons)


def observed(comparisons, rate, *sharing):
    return DependentErrors(comparisons, rate, sharing)


@pytest.mark.parametrize("errors", [0, 1, 37, 400])
def test_the_interval_of_independent_comparisons_is_wilsons_with_students_quantile(errors):
    low, high = independent(400).interval(observed(400, errors / 400))
    wider = (t.ppf(0.975, 399) / Z) ** 2
    assert (low, high) == pytest.approx(wilson(errors / 400, 400 / wider), abs=1e-7)


@pytest.mark.parametrize("rate", [0.0, 1e-9, 1e-4, 0.3, 1 - 1e-9, 1.0])
@pytest.mark.parametrize("covariance", [0.0, 0.05, 0.15, 0.16, 0.3])
def test_an_interval_holds_its_rate_at_any_dependence(rate, covariance):
    tail = DependentErrors(180, 0.2, (Sharing(45 * 16, covariance),))
    precision = Precision(tail, subjects=10, clusters=45)
    low, high = precision.interval(observed(180, rate))
    assert 0 <= low <= rate <= high <= 1
    assert high > low
    assert precision.independent_trials(observed(180, rate)) >= 1


def test_an_observed_variance_that_is_larger_than_the_predicted_one_counts():
    precision, alone = independent(400), 400 * 0.09
    tripled = observed(400, 0.1, Sharing(2 * alone, 1.0))
    assert precision.independent_trials(observed(400, 0.1)) == pytest.approx(400)
    assert precision.independent_trials(tripled) == pytest.approx(400 / 3)
    factor = 3 * (t.ppf(0.975, 399) / Z) ** 2
    assert precision.interval(tripled) == pytest.approx(wilson(0.1, 400 / factor), abs=2e-4)


def test_comparisons_without_an_error_are_worth_no_more_than_their_groups():
    precision = independent(100_000, clusters=300, subjects=1_000_000)
    none = observed(100_000, 0.0)
    assert precision.interval(none) == pytest.approx(wilson(0, 300), abs=1e-6)
    assert precision.independent_trials(none) == pytest.approx(300, rel=1e-3)
    assert precision.independent_trials(observed(100_000, 0.01)) == pytest.approx(100_000)


def test_one_comparison_can_be_measured():
    alone = clustered_errors(np.zeros(1), np.ones(1))
    assert Precision(alone, 1, 1).interval(alone)[1] > 0.9


def test_the_effective_number_of_equal_groups_is_their_number():
    assert effective(np.full(7, 3.0)) == pytest.approx(7)
    assert effective(np.array([10.0, 1, 1])) == pytest.approx(144 / 102)


@pytest.mark.parametrize(
    ("target", "trials"), [(0.1, 29), (0.05, 59), (0.01, 299), (0.001, 2995), (0.0001, 29956)]
)
def test_the_rule_of_three_is_the_smallest_number_of_trials_that_would_show_it(target, trials):
    assert required_trials(target) == trials
    assert (1 - target) ** trials <= 0.05 < (1 - target) ** (trials - 1)
