import numpy as np
import pytest

from training.metrics.calibration import calibrate, measure
from training.metrics.rates import RateTable
from training.metrics.targets import TARGETS


def test_every_target_has_an_operating_point_and_so_has_the_equal_error(scattered):
    calibration = calibrate(scattered(seed=0), scattered(seed=1))
    assert [p.target_fmr for p in calibration.operating_points] == [*TARGETS, None]


def test_a_point_is_chosen_on_the_calibration_pairs_and_measured_on_the_test_pairs(scattered):
    chosen, tested = scattered(seed=0), scattered(seed=1)
    for point in calibrate(chosen, tested).operating_points[:-1]:
        assert np.mean(chosen.impostor.astype(float) <= point.threshold) <= point.target_fmr
        assert point.calibration == RateTable(chosen).rates(point.threshold)
        assert point.test == RateTable(tested).rates(point.threshold)


def test_stricter_targets_have_lower_thresholds(scattered):
    points = calibrate(scattered(), scattered(seed=1)).operating_points[:-1]
    thresholds = [p.threshold for p in points]
    assert thresholds == sorted(thresholds, reverse=True)


@pytest.mark.parametrize("subjects", [12, 40, 80])
def test_a_target_is_supported_where_the_rule_of_three_is_met(scattered, subjects):
    needed = {0.1: 29, 0.05: 59, 0.01: 299, 0.001: 2995, 0.0001: 29956, None: 0}
    for point in calibrate(scattered(subjects=subjects), scattered()).operating_points:
        assert point.supported == (point.independent_impostors >= needed[point.target_fmr])


def test_few_subjects_support_no_strict_target(scattered):
    points = calibrate(scattered(subjects=12), scattered(seed=1)).operating_points
    assert not any(p.supported for p in points if p.target_fmr in {0.01, 0.001, 0.0001})


def test_the_default_is_one_percent_where_it_is_supported(scattered):
    calibration = calibrate(scattered(subjects=120), scattered(seed=1))
    assert calibration.default_point.supported
    assert calibration.default_point.target_fmr == 0.01


def test_the_default_falls_back_to_the_strictest_target_that_is_supported(scattered):
    calibration = calibrate(scattered(subjects=14), scattered(seed=1))
    supported = [p.target_fmr for p in calibration.operating_points[:-1] if p.supported]
    assert supported  # Else this would test nothing.
    assert min(supported) > 0.01
    assert calibration.default_point.target_fmr == min(supported)


def test_the_default_is_the_equal_error_where_nothing_is_supported(scattered):
    calibration = calibrate(scattered(subjects=4), scattered(seed=1))
    assert not any(p.supported for p in calibration.operating_points[:-1])
    assert calibration.default_point.target_fmr is None


def test_the_histograms_shares_are_those_of_all_pairs(scattered):
    pairs = scattered()
    histogram = calibrate(pairs, scattered(seed=1)).histogram
    assert sum(histogram.genuine) == pytest.approx(1)
    assert sum(histogram.impostor) == pytest.approx(1)
    assert histogram.edges[-1] == float(pairs.all_energies.max())


def test_the_test_figures_do_not_depend_on_what_was_chosen(scattered):
    test = scattered(seed=1)
    calibration = calibrate(scattered(seed=0), test)
    accuracy = measure(test, calibration.likelihood_ratio, "all pairs")
    assert accuracy.sample == test.sample
    assert accuracy.min_cllr <= accuracy.cllr
    assert accuracy.eer == calibrate(test, test).eer


def test_energies_that_are_all_alike_still_give_a_calibration(pairs_of):
    alike = pairs_of([0.0] * 4, [0, 0, 1, 1], [0.0] * 4, [[0, 1]] * 4)
    calibration = calibrate(alike, alike)
    assert calibration.eer == 0.5
    assert calibration.cllr == pytest.approx(1)
