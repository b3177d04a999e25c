import math

import pytest

from training.data.support import support_of
from training.metrics.intervals import required_trials, wilson
from training.metrics.targets import TARGETS


def part(identities, images=2):
    return {f"{i}/{k}": str(i) for i in range(identities) for k in range(images)}


def support(calibration, test=50, train=200, listed=None):
    parts = {"train": part(train), "calibration": part(calibration), "test": part(test)}
    return support_of(parts, listed)


def answers(found):
    return {each.target_fmr: each.support for each in found.targets}


@pytest.mark.parametrize("identities", [2, 8, 9, 12, 25, 58, 78, 120, 606, 5990, 60_000])
def test_support_lies_between_half_the_identities_and_all_pairs_of_their_images(identities):
    for target, answer in answers(support(identities)).items():
        required = required_trials(target)
        assert (answer == "yes") == (identities / 2 >= required)
        assert (answer == "no") == (4 * math.comb(identities, 2) < required)


def test_the_shipped_bundles_support_what_is_expected_of_their_calibration_parts():
    expected = {"yes", "expected"}
    for identities, supported in ((10, {0.1}), (77, {0.1, 0.05, 0.01}), (606, set(TARGETS[:4]))):
        found = answers(support(identities))
        assert {target for target, answer in found.items() if answer in expected} == supported


def test_a_stricter_target_never_has_better_support():
    order = ["no", "possible", "expected", "yes"]
    for identities in range(2, 700, 7):
        ranks = [order.index(each.support) for each in support(identities).targets]
        assert ranks == sorted(ranks, reverse=True)


def test_intervals_are_those_of_the_test_part():
    fmr, fnmr = support(30, test=40).intervals
    assert (fmr.rate, fmr.value, fnmr.rate) == ("FMR", 0.01, "FNMR")
    assert (fmr.low, fmr.high) == wilson(0.01, 780)
    assert (fnmr.low, fnmr.high) == wilson(0.1, 40)


@pytest.mark.parametrize(("calibration", "test", "warnings"), [(8, 8, 2), (9, 8, 1), (9, 9, 0)])
def test_parts_that_support_no_target_are_warned_about(calibration, test, warnings):
    assert len(support(calibration, test).warnings) == warnings


def test_few_identities_are_advised_to_begin_with_trained_weights():
    assert "tries the shipped encoders" in support(20, train=99).advice
    assert "tries the shipped encoders" not in support(20, train=100).advice


def test_of_listed_pairs_only_those_that_are_listed_count():
    listed = [("0/0", f"{i}/0", False) for i in range(1, 40)] + [("0/0", "0/1", True)]
    found = support(40, test=40, listed=tuple(listed))
    assert answers(found)[0.1] == "expected"
    assert answers(found)[0.05] == "no"
    assert found.intervals[1].high == wilson(0.1, 1)[1]
    assert "own_pairs" in found.advice
