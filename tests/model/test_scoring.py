from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import OperatingPointError, VectorError
from model.manifest import Curve, LikelihoodRatio, LineUncertainty, Metric
from model.scoring import (
    check_vectors,
    choose,
    energy,
    is_same,
    likelihood_ratio,
    likelihood_ratio_interval,
    log10_likelihood_ratio,
    rates_at,
    supported_targets,
)
from tests import fakes

rng = np.random.default_rng(11)
FLOATS = rng.standard_normal((2, 7, 16)).astype(np.float32)
BITS = rng.integers(0, 256, (2, 7, 16), dtype=np.uint8)


def naive(metric, left, right):
    """The definitions, one number at a time."""
    if metric is Metric.L1:
        return sum(abs(float(a) - float(b)) for a, b in zip(left, right, strict=True))
    if metric is Metric.L2:
        return sum((float(a) - float(b)) ** 2 for a, b in zip(left, right, strict=True)) ** 0.5
    return sum(
        x != y
        for a, b in zip(left, right, strict=True)
        for x, y in zip(f"{a:08b}", f"{b:08b}", strict=True)
    )


@pytest.mark.parametrize("metric", [Metric.L1, Metric.L2, Metric.HAMMING])
def test_energies_are_those_of_a_naive_loop(metric):
    left, right = BITS if metric is Metric.HAMMING else FLOATS
    answer = energy(metric, left, right)
    expected = [naive(metric, a, b) for a, b in zip(left, right, strict=True)]
    assert (answer.dtype, answer.shape) == (np.float32, (7,))
    np.testing.assert_allclose(answer, expected, rtol=1e-6)


@pytest.mark.parametrize("metric", [Metric.L1, Metric.L2, Metric.HAMMING])
def test_a_probe_is_compared_with_each_of_a_gallery(metric):
    gallery, probes = BITS if metric is Metric.HAMMING else FLOATS
    all_to_all = energy(metric, probes[:, np.newaxis], gallery[np.newaxis])
    assert all_to_all.shape == (7, 7)
    for i, probe in enumerate(probes):
        np.testing.assert_array_equal(energy(metric, probe, gallery), all_to_all[i])
    assert energy(metric, probes[0], gallery[0]).shape == ()


@pytest.mark.parametrize("metric", [Metric.L1, Metric.L2, Metric.HAMMING])
def test_an_energy_is_symmetric_and_nothing_for_itself(metric):
    left, right = BITS if metric is Metric.HAMMING else FLOATS
    np.testing.assert_array_equal(energy(metric, left, right), energy(metric, right, left))
    np.testing.assert_array_equal(energy(metric, left, left), np.zeros(7))


def test_hamming_counts_every_bit_of_a_long_code():
    zeros, ones = np.zeros(40_000, np.uint8), np.full(40_000, 255, np.uint8)
    assert energy(Metric.HAMMING, zeros, ones) == 320_000


def test_a_pair_models_metric_has_no_energy_of_embeddings():
    with pytest.raises(ValueError, match="none"):
        energy(Metric.NONE, FLOATS[0], FLOATS[1])


def test_vectors_of_the_right_length_pass():
    assert check_vectors(FLOATS[0], 16) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_row_with_a_number_that_is_not_finite_is_named(bad):
    vectors = FLOATS[0].copy()
    vectors[3, 5] = vectors[6, 0] = bad
    with pytest.raises(VectorError, match="row 3") as caught:
        check_vectors(vectors, 16)
    assert caught.value.row == 3


@pytest.mark.parametrize("shape", [(7, 15), (7, 17), (16,), (2, 2, 16)])
def test_vectors_of_another_shape_are_refused(shape):
    with pytest.raises(VectorError, match="16 numbers"):
        check_vectors(np.zeros(shape), 16)


def test_the_default_choice_is_the_manifests(manifest):
    choice = choose(manifest.calibration, manifest.accuracy)
    point = manifest.calibration.operating_points[manifest.calibration.default]
    assert choice.target_fmr == point.target_fmr == 0.01
    assert (choice.threshold, choice.rates) == (point.threshold, point.test)


@pytest.mark.parametrize("target", fakes.SUPPORTED)
def test_a_supported_target_is_decided_at_its_threshold_with_the_rates_of_the_test(
    manifest, target
):
    choice = choose(manifest.calibration, manifest.accuracy, fmr=target)
    assert (choice.threshold, choice.target_fmr) == (fakes.THRESHOLDS[target], target)
    assert choice.rates.fmr == pytest.approx(1.1 * target)


@pytest.mark.parametrize("target", [0.001, 0.02, 0.0, 1.0])
def test_an_unsupported_target_is_refused_with_the_supported_ones(manifest, target):
    with pytest.raises(OperatingPointError, match=r"supported: 0\.1, 0\.05, 0\.01$") as caught:
        choose(manifest.calibration, manifest.accuracy, fmr=target)
    assert caught.value.supported == fakes.SUPPORTED


def test_a_bundle_that_supports_no_target_says_so_and_still_decides(manifest):
    equal = manifest.calibration.operating_points[-1]
    calibration = manifest.calibration.model_copy(
        update={"operating_points": (equal,), "default": 0}
    )
    assert supported_targets(calibration) == ()
    assert choose(calibration, manifest.accuracy).target_fmr is None
    with pytest.raises(OperatingPointError, match="supported: none"):
        choose(calibration, manifest.accuracy, fmr=0.01)


@pytest.mark.parametrize("threshold", [0, 0.0, -1.0, 0.123])
def test_the_callers_threshold_overrides_even_where_it_is_nothing(manifest, threshold):
    choice = choose(manifest.calibration, manifest.accuracy, threshold=threshold, fmr=0.05)
    assert (choice.threshold, choice.target_fmr) == (threshold, None)
    assert choice.rates == rates_at(manifest.accuracy.curve, threshold)


def test_rates_at_a_knot_are_the_knots(manifest):
    curve = manifest.accuracy.curve
    for threshold, rates in zip(curve.thresholds, curve.rates, strict=True):
        assert rates_at(curve, threshold) == rates


def test_rates_beyond_the_curve_are_those_of_its_ends(manifest):
    curve = manifest.accuracy.curve
    for far in (5, 500, 1.7976931348623157e308):
        assert rates_at(curve, -far) == curve.rates[0]
        assert rates_at(curve, max(far, 500)) == curve.rates[-1]


def test_rates_between_two_knots_lie_on_the_line_between_them(manifest):
    between = rates_at(manifest.accuracy.curve, 0.35)  # A quarter from 0.3 to 0.5.
    assert between.fmr == pytest.approx(0.75 * 0.01 + 0.25 * 0.1)
    assert between.fnmr == pytest.approx(0.75 * 0.08 + 0.25 * 0.02)
    low, high = fakes.rates(0.01, 0.08), fakes.rates(0.1, 0.02)
    assert between.fmr_interval == (low.fmr_interval[0], high.fmr_interval[1])
    assert between.fnmr_interval == (high.fnmr_interval[0], low.fnmr_interval[1])


def test_a_curve_may_hold_one_threshold_twice():
    curve = Curve(
        thresholds=(0.0, 1.0, 1.0, 2.0),
        rates=tuple(fakes.rates(fmr, 1 - fmr) for fmr in (0.0, 0.2, 0.4, 1.0)),
    )
    assert rates_at(curve, 0.5).fmr == pytest.approx(0.1)
    assert rates_at(curve, 1.0).fmr in {0.2, 0.4}
    assert rates_at(curve, 1.5).fmr == pytest.approx(0.7)


@given(st.lists(st.floats(-1, 3), min_size=2, max_size=20))
def test_fmr_never_falls_and_fnmr_never_rises(thresholds):
    curve = fakes.make_manifest(b"no graph", golden=(0.0,) * fakes.DIM).accuracy.curve
    rates = [rates_at(curve, threshold) for threshold in sorted(thresholds)]
    assert all(a.fmr <= b.fmr + 1e-15 for a, b in pairwise(rates))
    assert all(a.fnmr >= b.fnmr - 1e-15 for a, b in pairwise(rates))


def test_same_is_up_to_and_with_the_threshold():
    assert is_same(np.float32([0.1, 0.5, 0.6]), 0.5).tolist() == [True, True, False]


def test_a_threshold_between_two_neighbouring_floats_parts_them():
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    midway = (float(low) + float(high)) / 2
    assert is_same(np.array([low, high]), midway).tolist() == [True, False]


MAP = LikelihoodRatio(intercept=4.0, slope=-10.0, log10_min=-2.0, log10_max=3.0)


def test_the_likelihood_ratio_is_a_power_of_ten_on_the_line():
    energies = np.float32([0.15, 0.4, 0.55])
    np.testing.assert_allclose(log10_likelihood_ratio(MAP, energies), [2.5, 0, -1.5], atol=1e-6)
    ratios = [likelihood_ratio(MAP, float(energy)) for energy in energies]
    np.testing.assert_allclose(ratios, [10**2.5, 1, 10**-1.5], rtol=1e-5)


def test_one_likelihood_ratio_is_that_of_the_logarithms():
    energies = np.linspace(-1, 1, 201).astype(np.float32)
    of_all = 10 ** log10_likelihood_ratio(MAP, energies)
    np.testing.assert_allclose(
        [likelihood_ratio(MAP, float(energy)) for energy in energies], of_all, rtol=1e-14
    )


def test_the_likelihood_ratio_is_bounded_and_never_rises_with_the_energy():
    ratios = [likelihood_ratio(MAP, energy) for energy in np.linspace(-5, 1e6, 4001)]
    assert ratios[0] == pytest.approx(1000)
    assert ratios[-1] == pytest.approx(0.01)
    assert (np.diff(ratios) <= 0).all()


SPREAD = LineUncertainty(intercept=0.09, slope=0.5, covariance=-0.15, factor=2.1)
SPREAD_MAP = MAP.model_copy(update={"uncertainty": SPREAD})


def test_the_interval_of_a_likelihood_ratio_is_that_of_a_line():
    covariance = np.array([[0.09, -0.15], [-0.15, 0.5]])
    for at in (0.15, 0.4, 0.5):
        deviation = np.sqrt(np.array([1, at]) @ covariance @ np.array([1, at]))
        ends = 4 - 10 * at + 2.1 * deviation * np.array([-1, 1])
        found = likelihood_ratio_interval(SPREAD_MAP, at)
        assert found == pytest.approx(10 ** np.clip(ends, -2, 3))


@given(st.floats(-1e30, 1e30))
def test_the_interval_holds_the_likelihood_ratio_within_the_bounds(at):
    low, high = likelihood_ratio_interval(SPREAD_MAP, at)
    assert 10.0**-2 <= low <= likelihood_ratio(SPREAD_MAP, at) <= high <= 10.0**3


def test_a_ratio_at_a_bound_has_the_interval_of_the_energy_that_reaches_it():
    assert likelihood_ratio_interval(SPREAD_MAP, 0.1) == likelihood_ratio_interval(SPREAD_MAP, -7)
    low, high = likelihood_ratio_interval(SPREAD_MAP, -7)
    assert low < high == pytest.approx(1000)


def test_a_bundle_without_uncertainty_has_no_interval():
    assert likelihood_ratio_interval(MAP, 0.4) is None
