import numpy as np
import pytest
from scipy.stats import norm

from training.config.sections import Target
from training.evaluation.measured_value import MeasuredValue
from training.metrics.det import DetCurve
from training.results.stored_error import with_stored_error
from training.results.verdict import Verdict, verdict

ERROR = Target(figure="error", at_most=0.02)
ACCURACY = Target(figure="accuracy", at_least=0.98)


@pytest.mark.parametrize("error", np.linspace(0.005, 0.04, 15).tolist())
def test_the_verdict_is_that_of_two_one_sided_tests_at_5_percent(error):
    better = norm.cdf((error - 0.02) / 0.005)  # Chance of such a value or less at the bar.
    expected = Verdict.MET if better <= 0.05 else Verdict.MISSED if better > 0.95 else Verdict.EQUAL
    assert verdict(error, 0.005, ERROR) is expected
    assert verdict(1 - error, 0.005, ACCURACY) is expected


def test_at_the_bar_itself_a_twentieth_is_called_met_and_a_twentieth_missed():
    rng = np.random.default_rng(0)
    trials = 20_000
    shares = rng.binomial(trials, 0.02, 4000) / trials
    found = [verdict(p, (p * (1 - p) / trials) ** 0.5, ERROR) for p in shares]
    for each in (Verdict.MET, Verdict.MISSED):
        assert found.count(each) / 4000 == pytest.approx(0.05, abs=0.012)


def test_without_a_standard_error_the_verdict_is_open_and_without_a_bar_there_is_none():
    assert verdict(0.001, None, ERROR) is Verdict.OPEN
    assert verdict(0.001, 0.1, Target(figure="error", published="3 %")) is None


def test_the_stored_error_of_a_rate_is_that_of_its_interval_towards_the_bar():
    curve = DetCurve(
        protocol="all",
        fmr=(0.0, 0.1, 1.0),
        fnmr=(1.0, 0.2, 0.0),
        fnmr_low=(1.0, 0.1, 0.0),
        fnmr_high=(1.0, 0.4, 0.0),
    )
    value = MeasuredValue(name="EER, all pairs", value=0.2, trials=9)
    found = with_stored_error(value, curve)
    assert found.standard_error == pytest.approx(0.3 / 2 / norm.ppf(0.975))
    for bar, part in ((0.05, 0.1), (0.25, 0.2)):
        assert with_stored_error(value, curve, bar).standard_error == pytest.approx(
            part / norm.ppf(0.975)
        )
    assert found.standard_error_over == "identities"
    halfway = with_stored_error(value.model_copy(update={"value": 0.1}), curve)
    assert halfway.standard_error == pytest.approx(found.standard_error / 2)
    other = value.model_copy(update={"name": "kNN error"})
    assert with_stored_error(other, curve) == other
    assert with_stored_error(value, None) == value
