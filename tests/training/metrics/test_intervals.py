import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from training.metrics.intervals import (
    Z,
    clustered_variance,
    dyadic_variance,
    independent_trials,
    required_trials,
    wilson,
)
from training.metrics.rates import RateTable


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


def brute_force(errors, rate, shares):
    """The double sum over pairs of pairs that depend on each other, of the rate's variance."""
    residual = errors - rate
    total = sum(
        residual[i] * residual[j]
        for i in range(len(errors))
        for j in range(len(errors))
        if shares(i, j)
    )
    return total / len(errors) ** 2


def test_the_clustered_variance_is_the_double_sum_over_pairs_of_one_subject():
    rng = np.random.default_rng(5)
    subject = rng.integers(0, 8, 90)
    errors = (rng.random(90) < 0.1 + 0.08 * subject).astype(float)
    expected = brute_force(errors, errors.mean(), lambda i, j: subject[i] == subject[j])
    answer = clustered_variance(np.bincount(subject, errors), np.bincount(subject).astype(float))
    assert answer == pytest.approx(expected * 8 / 7)


@pytest.mark.parametrize("seed", range(4))
def test_the_dyadic_variance_is_the_double_sum_over_pairs_that_share_a_subject(seed):
    rng = np.random.default_rng(seed)
    effect = rng.random(9)
    # Uneven: between one and three pairs of each two subjects.
    dyads = [(a, b) for a in range(9) for b in range(a) for _ in range(rng.integers(1, 4))]
    errors = np.array([float(rng.random() < effect[a] * effect[b]) for a, b in dyads])

    def shares(i, j):
        return bool({*dyads[i]} & {*dyads[j]})

    expected = brute_force(errors, errors.mean(), shares)
    alone = brute_force(errors, errors.mean(), lambda i, j: dyads[i] == dyads[j])
    left, right = np.array(dyads).T
    dyad = left * 9 + right
    answer = dyadic_variance(
        np.bincount(left, errors, 9) + np.bincount(right, errors, 9),
        (np.bincount(left, minlength=9) + np.bincount(right, minlength=9)).astype(float),
        np.bincount(dyad, errors, 81),
        np.bincount(dyad, minlength=81).astype(float),
    )
    assert expected > alone  # Else the floor would be tested, and not the sum.
    assert answer == pytest.approx(expected * 9 / 8)


def test_the_dyadic_variance_is_never_below_that_of_independent_dyads():
    # Errors on a perfect matching's dyads: the covariances between dyads sum to less than nothing.
    subjects = 6
    left, right = np.triu_indices(subjects, k=1)
    errors = ((left // 2) == (right // 2)).astype(float)
    by_subject = np.bincount(left, errors, subjects) + np.bincount(right, errors, subjects)
    answer = dyadic_variance(
        by_subject, np.full(subjects, subjects - 1.0), errors, np.ones(len(errors))
    )
    alone = np.square(errors - errors.mean()).sum() / len(errors) ** 2
    assert answer == pytest.approx(alone * subjects / (subjects - 1))


def test_independent_errors_are_worth_about_their_number():
    rng = np.random.default_rng(0)
    errors = (rng.random(4000) < 0.2).astype(float)
    variance = clustered_variance(errors, np.ones(4000))
    trials = independent_trials(errors.mean(), variance, max_trials=4000, at_extremes=1)
    assert trials == pytest.approx(4000, rel=0.01)


def test_copies_of_one_error_are_worth_one():
    errors = np.repeat((np.random.default_rng(0).random(300) < 0.3).astype(float), 1)
    variance = clustered_variance(10 * errors, np.full(300, 10.0))
    trials = independent_trials(errors.mean(), variance, max_trials=3000, at_extremes=1)
    assert trials == pytest.approx(300, rel=0.01)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_rate_without_variance_is_worth_what_it_is_told(rate):
    assert independent_trials(rate, 0.0, max_trials=1e9, at_extremes=17) == 17
    assert independent_trials(rate, 0.0, max_trials=1e9, at_extremes=0) == 1


@pytest.mark.parametrize(
    ("target", "trials"), [(0.1, 29), (0.05, 59), (0.01, 299), (0.001, 2995), (0.0001, 29956)]
)
def test_the_rule_of_three_is_the_smallest_number_of_trials_that_would_show_it(target, trials):
    assert required_trials(target) == trials
    assert (1 - target) ** trials <= 0.05 < (1 - target) ** (trials - 1)


REPETITIONS = 300
SUBJECTS, EACH = 40, 6


def simulated_impostors(rng, pairs_of):
    """One pair of each two subjects; its energy depends on both of them."""
    left, right = np.triu_indices(SUBJECTS, k=1)
    effect = rng.standard_normal(SUBJECTS)
    energies = effect[left] + effect[right] + rng.standard_normal(len(left))
    subjects = np.stack([left, right], axis=1)
    return pairs_of([0.0, 0.0], [0, 1], energies, subjects)


def simulated_genuine(rng, pairs_of):
    """Some pairs of each subject; their energies depend on the subject."""
    subject = np.repeat(np.arange(SUBJECTS), EACH)
    energies = rng.standard_normal(SUBJECTS)[subject] + 0.7 * rng.standard_normal(len(subject))
    return pairs_of(energies, subject, [9.0, 9.0], [[0, 1], [0, 2]])


def covered(interval, truth):
    return interval[0] <= truth <= interval[1]


def test_the_fmr_interval_holds_the_true_rate_where_subjects_differ(pairs_of):
    truth = 0.1
    threshold = norm.ppf(truth, scale=math.sqrt(3))
    rng = np.random.default_rng(1)
    ours = naive = 0
    for _ in range(REPETITIONS):
        pairs = simulated_impostors(rng, pairs_of)
        rates = RateTable(pairs).rates(threshold)
        ours += covered(rates.fmr_interval, truth)
        naive += covered(wilson(rates.fmr, len(pairs.impostor)), truth)
    assert ours / REPETITIONS >= 0.9
    assert naive / REPETITIONS <= 0.75


def test_the_fnmr_interval_holds_the_true_rate_where_subjects_differ(pairs_of):
    truth = 0.2
    threshold = norm.ppf(1 - truth, scale=math.sqrt(1 + 0.7**2))
    rng = np.random.default_rng(2)
    ours = naive = 0
    for _ in range(REPETITIONS):
        pairs = simulated_genuine(rng, pairs_of)
        rates = RateTable(pairs).rates(threshold)
        ours += covered(rates.fnmr_interval, truth)
        naive += covered(wilson(rates.fnmr, len(pairs.genuine)), truth)
    assert ours / REPETITIONS >= 0.9
    assert naive / REPETITIONS <= 0.8


def test_the_intervals_of_independent_pairs_are_not_wasteful(pairs_of):
    rng = np.random.default_rng(3)
    left, right = np.triu_indices(60, k=1)
    energies = rng.standard_normal(len(left))
    pairs = pairs_of([0.0, 0.0], [0, 1], energies, np.stack([left, right], axis=1))
    rates = RateTable(pairs).rates(norm.ppf(0.1))
    naive = wilson(rates.fmr, len(left))
    width = rates.fmr_interval[1] - rates.fmr_interval[0]
    assert width <= 1.5 * (naive[1] - naive[0])
