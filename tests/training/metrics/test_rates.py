from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyeer.eer_stats import calculate_roc, get_eer_values

from training.metrics.rates import (
    RateTable,
    curve,
    equal_error,
    fnmr_at_fmr,
    threshold_at_fmr,
)


def counted(pairs, threshold):
    """FMR and FNMR by their definition."""
    fmr = np.mean([float(e) <= threshold for e in pairs.impostor])
    fnmr = np.mean([float(e) > threshold for e in pairs.genuine])
    return fmr, fnmr


@pytest.mark.parametrize("apart", [0.3, 1.0, 2.5, 4.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_equal_error_rate_is_pyeers(scattered, apart, seed):
    pairs = scattered(apart=apart, seed=seed)
    _, fmr, fnmr = calculate_roc(
        pairs.genuine.astype(float), pairs.impostor.astype(float), ds_scores=True
    )[:3]
    *_, expected = get_eer_values(fmr, fnmr)
    # Both read off a staircase; a stair is one genuine pair high.
    assert equal_error(pairs).rate == pytest.approx(expected, abs=0.5 / len(pairs.genuine))


def test_at_the_equal_error_threshold_the_rates_meet(scattered):
    pairs = scattered(apart=1.5)
    equal = equal_error(pairs)
    fmr, fnmr = counted(pairs, equal.threshold)
    assert fmr == pytest.approx(fnmr, abs=1 / len(pairs.genuine))
    assert equal.rate == pytest.approx((fmr + fnmr) / 2)


def test_parted_energies_have_no_equal_error(scattered):
    pairs = scattered(apart=40)
    equal = equal_error(pairs)
    assert equal.rate == 0
    assert counted(pairs, equal.threshold) == (0, 0)


def test_energies_that_are_all_alike_have_an_equal_error_of_a_half(pairs_of):
    pairs = pairs_of([1.0] * 4, [0, 0, 1, 1], [1.0] * 4, [[0, 1]] * 4)
    equal = equal_error(pairs)
    assert equal.rate == 0.5
    assert np.isfinite(equal.threshold)


@pytest.mark.parametrize("threshold", [-1.0, 8.5, 10.0, 11.3, 99.0])
def test_rates_are_counted(scattered, threshold):
    pairs = scattered()
    rates = RateTable(pairs).rates(threshold)
    assert (rates.fmr, rates.fnmr) == pytest.approx(counted(pairs, threshold))


def test_an_energy_that_equals_the_threshold_is_accepted(pairs_of):
    pairs = pairs_of([1.0, 2.0], [0, 1], [2.0, 3.0], [[0, 1], [1, 0]])
    assert (RateTable(pairs).rates(2.0).fmr, RateTable(pairs).rates(2.0).fnmr) == (0.5, 0.0)


def test_the_order_of_an_impostor_pairs_subjects_says_nothing(pairs_of):
    energies = np.linspace(0, 1, 12)
    dyads = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]] * 2)
    turned = np.where(np.arange(12)[:, None] % 2, dyads[:, ::-1], dyads)
    one, other = (RateTable(pairs_of([0, 0], [0, 1], energies, d)) for d in (dyads, turned))
    assert one.rates(0.4).fmr_interval == pytest.approx(other.rates(0.4).fmr_interval)
    assert one.independent_impostors(0.4) == other.independent_impostors(0.4)


def test_no_accepted_impostor_is_worth_at_most_as_many_trials_as_there_are_dyads(scattered):
    table = RateTable(scattered(subjects=41))
    assert 20 <= table.independent_impostors(-1.0) <= 41 * 40 / 2


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=60),
    st.sampled_from([0.0001, 0.001, 0.01, 0.05, 0.1, 0.29, 0.5, 0.9]),
)
def test_the_fmr_at_its_threshold_never_exceeds_the_target_and_no_higher_one_would_do(
    levels, target
):
    energies = np.sort(np.float32(levels)) / np.float32(3)  # Few levels: many ties.
    threshold = threshold_at_fmr(energies, target)
    assert np.mean(energies.astype(float) <= threshold) <= target
    above = energies[energies.astype(float) > threshold]
    assert np.mean(energies <= above.min()) > target


@pytest.mark.parametrize(
    ("count", "target", "accepted"),
    [(30, 0.1, 3), (300, 0.01, 3), (60, 0.05, 3), (3000, 0.001, 3), (299, 0.01, 2), (9, 0.1, 0)],
)
def test_as_many_impostors_are_accepted_as_the_target_allows(count, target, accepted):
    energies = np.arange(1, count + 1, dtype=np.float32)
    threshold = threshold_at_fmr(energies, target)
    assert (energies.astype(float) <= threshold).sum() == accepted


def test_the_threshold_lies_midway_between_two_energies():
    assert threshold_at_fmr(np.float32([1, 2, 4, 8]), 0.5) == 3.0


def test_the_curve_runs_from_all_refused_to_all_accepted(scattered):
    drawn = curve(RateTable(scattered()))
    assert (drawn.rates[0].fmr, drawn.rates[0].fnmr) == (0, 1)
    assert (drawn.rates[-1].fmr, drawn.rates[-1].fnmr) == (1, 0)


@pytest.mark.parametrize("apart", [0, 2, 30])
def test_along_the_curve_fmr_rises_and_fnmr_falls(scattered, apart):
    drawn = curve(RateTable(scattered(apart=apart)))
    assert all(a < b for a, b in pairwise(drawn.thresholds))
    assert all(a.fmr <= b.fmr and a.fnmr >= b.fnmr for a, b in pairwise(drawn.rates))


def test_the_curve_says_what_is_counted_at_its_thresholds(scattered):
    pairs = scattered()
    drawn = curve(RateTable(pairs))
    for threshold, rates in zip(drawn.thresholds[::7], drawn.rates[::7], strict=True):
        assert (rates.fmr, rates.fnmr) == pytest.approx(counted(pairs, threshold))


def test_the_bounds_of_a_curves_intervals_have_six_digits_and_hold_the_rate(scattered):
    table = RateTable(scattered())
    drawn = curve(table)
    for threshold, rates in zip(drawn.thresholds[::7], drawn.rates[::7], strict=True):
        exact = table.rates(threshold)
        for name, rate in (("fmr_interval", rates.fmr), ("fnmr_interval", rates.fnmr)):
            low, high = getattr(rates, name)
            assert low <= rate <= high
            assert (low, high) == pytest.approx(getattr(exact, name), rel=1e-5)
            assert all(float(f"{bound:.6g}") == bound for bound in (low, high) if bound != rate)


def test_the_curve_reaches_down_to_a_single_impostor(scattered):
    pairs = scattered()
    positive = [r.fmr for r in curve(RateTable(pairs)).rates if r.fmr > 0]
    assert min(positive) <= 2 / len(pairs.impostor)


@pytest.mark.parametrize("target", [0.1, 0.075, 0.05, 0.01])
def test_the_fnmr_at_an_fmr_is_counted_at_the_highest_threshold_that_keeps_it(scattered, target):
    pairs = scattered(apart=1.5)
    between = (pairs.impostor[:-1].astype(float) + pairs.impostor[1:]) / 2
    kept = [t for t in between if counted(pairs, t)[0] <= target]
    found = fnmr_at_fmr(pairs.genuine, pairs.impostor, target)
    assert found == pytest.approx(counted(pairs, kept[-1])[1])
