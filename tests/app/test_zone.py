"""Zones against expected costs by brute force, simulated pairs, and the rates of samples."""

import itertools
import math

import numpy as np
import pytest

from app.decision import choose_threshold
from app.errors import ParameterError
from app.zone import Costs, Outcome, threshold_at_fnmr, zone_of_costs, zone_of_targets
from model.manifest import Histogram, LikelihoodRatio, SampleSize
from model.scoring import rates_at
from tests import fakes

MANIFEST = fakes.make_manifest(b"g", golden=(0.0,) * fakes.DIM)
RATIO, CURVE = MANIFEST.calibration.likelihood_ratio, MANIFEST.accuracy.curve


def expected_costs(ratio, energy, costs):
    """The expected cost of each outcome, from the posterior probability by Bayes' rule."""
    exponent = min(max(ratio.intercept + ratio.slope * energy, ratio.log10_min), ratio.log10_max)
    genuine = costs.prior * 10**exponent
    genuine /= genuine + (1 - costs.prior)
    return {
        Outcome.SAME: costs.false_match * (1 - genuine),
        Outcome.DIFFERENT: costs.false_non_match * genuine,
        Outcome.UNSURE: 1.0,
    }


@pytest.mark.parametrize("slope", [-10.0, 0.0])
def test_the_outcome_has_the_least_expected_cost_at_every_energy(slope):
    ratio = RATIO.model_copy(update={"slope": slope})
    costs = (0.2, 1, 3, 40, 1e6)
    for one, other, prior in itertools.product(costs, costs, (0.001, 0.3, 0.9999)):
        given = Costs(one, other, prior)
        zone = zone_of_costs(ratio, CURVE, given)
        for energy in np.linspace(-0.5, 1.5, 41):
            expected = expected_costs(ratio, energy, given)
            found = expected[zone.outcome(energy)]
            assert found <= min(expected.values()) * (1 + 1e-9), (given, energy)


def test_all_three_outcomes_occur_where_an_unsure_answer_is_cheap_and_two_where_it_is_dear():
    cheap, dear = (zone_of_costs(RATIO, CURVE, Costs(c, c)) for c in (50, 1.5))
    energies = np.linspace(0, 2, 400)
    assert {cheap.outcome(e) for e in energies} == set(Outcome)
    assert {dear.outcome(e) for e in energies} == {Outcome.SAME, Outcome.DIFFERENT}
    assert dear.low == dear.high == pytest.approx(0.4)  # a ratio of 1


def test_no_other_zone_costs_less_on_simulated_pairs():
    """Normal energies of equal variance: log LR = (μi² − μg²) / 2σ² − e (μi − μg) / σ²."""
    rng = np.random.default_rng(4)
    genuine, impostor = rng.normal(1.0, 0.2, 20_000), rng.normal(1.5, 0.2, 20_000)
    log10 = np.log10(np.e) / (2 * 0.04)
    ratio = LikelihoodRatio(
        intercept=log10 * (1.5**2 - 1.0**2), slope=-log10, log10_min=-9, log10_max=9
    )
    costs = Costs(20, 5, prior=0.25)
    zone = zone_of_costs(ratio, CURVE, costs)

    def mean_cost(low, high):
        missed, wrong = np.mean(genuine > high), np.mean(impostor <= low)
        looked_at = [np.mean((e > low) & (e <= high)) for e in (genuine, impostor)]
        return 0.25 * (5 * missed + looked_at[0]) + 0.75 * (20 * wrong + looked_at[1])

    others = [
        mean_cost(low, high)
        for low, high in itertools.product(np.linspace(0.5, 2, 61), repeat=2)
        if low <= high
    ]
    assert mean_cost(zone.low, zone.high) <= min(others) * 1.005


def test_costs_that_no_evidence_meets_never_get_same_and_say_so():
    zone = zone_of_costs(RATIO, CURVE, Costs(10_000, 50))
    assert zone.low == -math.inf
    assert zone.outcome(-1e9) is Outcome.UNSURE
    assert zone.outcome(2.0) is Outcome.DIFFERENT
    assert (zone.rates.fmr, zone.rates.fmr_interval) == (0, (0, 0))
    assert zone.note is not None
    assert "no pair is same" in zone.note
    assert "ratio of 9,999" in zone.note
    assert "at most 316" in zone.note
    assert "different" not in zone.note


@pytest.mark.parametrize(
    ("costs", "outcome", "note"),
    [
        (Costs(1, 1000), Outcome.SAME, "every pair is same: at these costs a likelihood ratio of"),
        (Costs(1000, 1), Outcome.DIFFERENT, "every pair is different"),
        (Costs(1e5, 1e5), Outcome.UNSURE, "no pair is same"),
        (Costs(1e5, 1e5), Outcome.UNSURE, "no pair is different"),
        (Costs(1e9, 2, prior=1e-9), Outcome.DIFFERENT, "10^9 is little enough"),
    ],
)
def test_an_outcome_that_every_pair_gets_is_told(costs, outcome, note):
    zone = zone_of_costs(RATIO, CURVE, costs)
    assert {zone.outcome(e) for e in (-1e6, 0, 0.4, 1e6)} == {outcome}
    assert note in zone.note


def test_the_rates_are_those_of_the_test_curve_at_each_limit():
    zone = zone_of_costs(RATIO, CURVE, Costs(50, 20))
    low, high = rates_at(CURVE, zone.low), rates_at(CURVE, zone.high)
    assert (zone.rates.fmr, zone.rates.fmr_interval) == (low.fmr, low.fmr_interval)
    assert (zone.rates.fnmr, zone.rates.fnmr_interval) == (high.fnmr, high.fnmr_interval)
    assert zone.genuine_unsure == pytest.approx(low.fnmr - high.fnmr)
    assert zone.impostor_unsure == pytest.approx(high.fmr - low.fmr)
    assert zone.genuine_unsure > 0


def test_a_threshold_of_a_target_fnmr_is_near_that_of_the_sample():
    energies = np.random.default_rng(2).gamma(4, 0.1, 5000)
    shares, edges = np.histogram(energies, 64, (0, 2))
    shares = tuple((shares / shares.sum()).tolist())
    histogram = Histogram(edges=tuple(edges.tolist()), genuine=shares, impostor=shares)
    for target in (0.02, 0.1, 0.5):
        assert np.mean(energies > threshold_at_fnmr(histogram, target)) == pytest.approx(
            target, abs=0.004
        )


def test_empty_bins_do_not_move_a_threshold_beyond_the_last_pair():
    histogram = Histogram(edges=(0, 1, 2, 3, 4), genuine=(0, 0.5, 0.5, 0), impostor=(0, 0, 0, 1))
    assert threshold_at_fnmr(histogram, 0.25) == pytest.approx(2.5)
    assert threshold_at_fnmr(histogram, 1e-9) == pytest.approx(3)
    assert threshold_at_fnmr(histogram, 1 - 1e-9) == pytest.approx(1, abs=1e-6)


def test_target_rates_make_a_zone_from_the_one_threshold_to_the_other():
    choice = choose_threshold(MANIFEST, fmr=0.05)
    zone = zone_of_targets(MANIFEST.calibration, CURVE, choice, 0.08)
    assert zone.low == choice.threshold
    assert zone.high == pytest.approx(0.5 + 1.5 * 0.2)
    assert zone.rates.fmr == choice.rates.fmr, "the operating point's, not the curve's"
    assert zone.rates.fnmr == pytest.approx(rates_at(CURVE, zone.high).fnmr)


def test_target_rates_that_one_threshold_meets_leave_no_zone():
    choice = choose_threshold(MANIFEST, fmr=0.01)
    zone = zone_of_targets(MANIFEST.calibration, CURVE, choice, 0.6)
    assert zone.low == zone.high == choice.threshold
    assert zone.genuine_unsure == zone.impostor_unsure == 0
    assert zone.rates == choice.rates


@pytest.mark.parametrize(
    ("identities", "images", "smallest"), [(40, 400, 0.0722), (300, 340, 0.0722), (20, 20, 1)]
)
def test_a_target_fnmr_needs_people_with_several_images(identities, images, smallest):
    """0.05 = (1 − p)^n: with n people and no error, p is excluded at 95 %."""
    sample = SampleSize(
        identities=identities, images=images, genuine_pairs=1800, impostor_pairs=78000
    )
    calibration = MANIFEST.calibration.model_copy(update={"sample": sample})
    choice = choose_threshold(MANIFEST, fmr=0.05)
    with pytest.raises(ParameterError, match="fnmr: the calibration has at most"):
        zone_of_targets(calibration, CURVE, choice, smallest - 1e-3)
    if smallest < 1:
        zone_of_targets(calibration, CURVE, choice, smallest + 1e-4)
