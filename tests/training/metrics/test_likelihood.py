import numpy as np
import pytest

from model.manifest import LikelihoodRatio
from model.scoring import log10_likelihood_ratio
from training.metrics import likelihood

UNBOUNDED = 10**9


def cllr_by_definition(genuine_ratios, impostor_ratios):
    """Brümmer, du Preez 2006, equation 6."""
    misses = np.mean([np.log2(1 + 1 / r) for r in genuine_ratios])
    alarms = np.mean([np.log2(1 + r) for r in impostor_ratios])
    return (misses + alarms) / 2


def test_cllr_is_its_definition(scattered):
    pairs = scattered()
    model = LikelihoodRatio(intercept=11.0, slope=-1.0, log10_min=-2, log10_max=2)
    genuine, impostor = (
        10 ** np.clip(11.0 - energies.astype(float), -2, 2)
        for energies in (pairs.genuine, pairs.impostor)
    )
    assert likelihood.cllr(model, pairs) == pytest.approx(cllr_by_definition(genuine, impostor))


def test_a_ratio_of_one_for_everything_costs_one_bit(scattered):
    flat = LikelihoodRatio(intercept=0, slope=0, log10_min=-1, log10_max=1)
    assert likelihood.cllr(flat, scattered()) == pytest.approx(1)


def test_the_fit_of_normal_energies_is_their_closed_form(scattered):
    # Equal variances s² = 1 and means 10 and 12: ln LR = (μ_i² - μ_g²)/2 - (μ_i - μ_g) E.
    pairs = scattered(subjects=200, genuine_each=60, apart=2.0, seed=4)
    model = likelihood.fit(pairs, UNBOUNDED)
    assert model.slope * np.log(10) == pytest.approx(-2.0, rel=0.05)
    assert model.intercept * np.log(10) == pytest.approx((12**2 - 10**2) / 2, rel=0.05)


def test_the_fit_does_not_depend_on_the_energies_unit(scattered, pairs_of):
    pairs = scattered()
    wide = pairs_of(
        1000 * pairs.genuine, pairs.genuine_subject, 1000 * pairs.impostor, pairs.impostor_subjects
    )
    small, large = likelihood.fit(pairs, 99), likelihood.fit(wide, 99)
    assert large.slope == pytest.approx(small.slope / 1000, rel=1e-3)
    assert large.intercept == pytest.approx(small.intercept, rel=1e-3)


def test_the_ratio_is_held_within_what_the_subjects_can_bear(scattered):
    # Parted energies: t / (137 + 1) ≤ 1 - 1 / (25 + 1), and 1 / (25 + 1) ≤ t (1 - 1 / (137 + 1)).
    model = likelihood.fit(scattered(subjects=25, apart=30), 137)
    high, low = np.log10(138 * 25 / 26), np.log10(138 / 137 / 26)
    assert high - 0.02 <= model.log10_max <= high
    assert low <= model.log10_min <= low + 0.02
    assert log10_likelihood_ratio(model, np.float32([0, 1000])).tolist() == pytest.approx(
        [model.log10_max, model.log10_min]
    )


def bounds_by_definition(genuine, impostor, step):
    """Vergeer et al. 2016: the last thresholds at which the ratios cost no more than none do.

    One misleading ratio is added on each side: a genuine pair's that is lower than any threshold,
    and an impostor pair's that is higher.
    """
    genuine, impostor = [-np.inf, *genuine], [np.inf, *impostor]

    def is_supported(threshold):
        misses = sum(ratio <= threshold for ratio in genuine) / len(genuine)
        alarms = sum(ratio > threshold for ratio in impostor) / len(impostor)
        return misses + 10**threshold * alarms <= min(1, 10**threshold)

    def walk(sign):
        steps = 0
        while is_supported(sign * (steps + 1) * step):
            steps += 1
        return sign * steps * step

    return walk(-1), walk(1)


@pytest.mark.parametrize("seed", range(10))
def test_the_bounds_are_those_of_their_definition(seed):
    rng = np.random.default_rng(seed)
    apart, wide = rng.uniform(0.5, 3), rng.uniform(0.5, 2)
    genuine = wide * rng.normal(apart, 1, rng.integers(20, 100))
    impostor = wide * rng.normal(-apart, 1, rng.integers(50, 400))
    expected = bounds_by_definition(genuine, impostor, 0.01)
    found = likelihood.elub(genuine, impostor, len(genuine), len(impostor))
    assert found == pytest.approx(expected, abs=1e-9)


def test_copies_of_pairs_do_not_widen_the_bounds():
    rng = np.random.default_rng(3)
    genuine, impostor = rng.normal(1, 1, 40), rng.normal(-1, 1, 300)
    once = likelihood.elub(genuine, impostor, 40, 300)
    assert likelihood.elub(np.repeat(genuine, 9), np.repeat(impostor, 9), 40, 300) == once
    narrow = likelihood.elub(genuine, impostor, 10, 50)
    assert once[0] < narrow[0] < 0 < narrow[1] < once[1]


@pytest.mark.parametrize("apart", [-3.0, -0.1, 0.0])
def test_ratios_that_mislead_are_held_at_one(apart):
    rng = np.random.default_rng(5)
    genuine, impostor = rng.normal(apart, 1, 60), rng.normal(-apart, 1, 200)
    assert likelihood.elub(genuine, impostor, 60, 200) == (0, 0)


def test_a_bound_is_a_ratio_that_was_observed():
    low, high = likelihood.elub(np.full(50, 0.5), np.full(50, -0.3), 50, 50)
    assert (low, high) == pytest.approx((-0.3, 0.5), abs=0.011)
    assert low >= -0.3
    assert high <= 0.5


def test_the_fit_takes_every_genuine_pair(scattered, monkeypatch):
    pairs = scattered(subjects=150, genuine_each=40)
    monkeypatch.setattr(likelihood, "_MAX_IMPOSTORS", 1000)
    taken = []

    class Regression(likelihood.LogisticRegression):
        def fit(self, energies, is_genuine):
            taken.append((int(is_genuine.sum()), len(is_genuine)))
            return super().fit(energies, is_genuine)

    monkeypatch.setattr(likelihood, "LogisticRegression", Regression)
    likelihood.fit(pairs, 99)
    assert taken == [(len(pairs.genuine), len(pairs.genuine) + 1000)]


def test_energies_that_are_worse_than_chance_say_nothing(scattered):
    model = likelihood.fit(scattered(apart=-3), UNBOUNDED)
    assert (model.slope, model.intercept) == (0, 0)


@pytest.mark.parametrize("apart", [0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_fit_beats_the_best_monotone_map(scattered, apart, seed):
    pairs = scattered(apart=apart, seed=seed)
    fitted = likelihood.cllr(likelihood.fit(pairs, UNBOUNDED), pairs)
    assert 0 <= likelihood.min_cllr(pairs) <= fitted
    assert fitted <= 1 + 1e-3  # Nor is a fit worse than saying nothing.


def test_useless_energies_cost_about_one_bit(scattered):
    pairs = scattered(subjects=150, genuine_each=40, apart=0)
    assert likelihood.min_cllr(pairs) == pytest.approx(1, abs=0.02)
    assert likelihood.cllr(likelihood.fit(pairs, UNBOUNDED), pairs) == pytest.approx(1, abs=0.01)


def test_parted_energies_cost_nothing_at_best(scattered):
    assert likelihood.min_cllr(scattered(apart=40)) == 0


def test_the_best_cost_of_a_small_case_is_worked_out_by_hand(pairs_of):
    # Levels 1, 2, 3 hold genuine shares 2/3, 1/3, 0 and impostor shares 0, 1/2, 1/2: monotone as
    # they are, so the best ratios are ∞, (1/3)/(1/2) = 2/3, 0.
    pairs = pairs_of([1, 1, 2], [0, 1, 2], [2, 3], [[0, 1], [0, 2]])
    expected = cllr_by_definition([np.inf, np.inf, 2 / 3], [2 / 3, 0])
    assert likelihood.min_cllr(pairs) == pytest.approx(expected)


def test_violators_are_pooled(pairs_of):
    # The genuine energy above the impostor's: one block, ratio 1 for both.
    pairs = pairs_of([2.0], [0], [1.0], [[0, 1]])
    assert likelihood.min_cllr(pairs) == pytest.approx(1)


def test_a_sample_of_many_pairs_fits_as_all_of_them(scattered, monkeypatch):
    pairs = scattered(subjects=150, genuine_each=40)
    whole = likelihood.fit(pairs, 99)
    monkeypatch.setattr(likelihood, "_MAX_IMPOSTORS", 8000)
    assert likelihood.fit(pairs, 99).slope == pytest.approx(whole.slope, rel=0.1)
    assert likelihood.fit(pairs, 99) == likelihood.fit(pairs, 99)
