"""Mean of turns, and the bound of the median of a benchmark's rounds."""

import pytest
from scipy.stats import binom

from benchmarks.trials.rounds import Turn, median_at_most


@pytest.mark.parametrize("count", [6, 11, 20, 41])
def test_bound_is_the_least_order_statistic_with_the_stated_error(count: int) -> None:
    # The k-th smallest of `count` values is below their median where k or more values are.
    kth = int(median_at_most([float(value) for value in range(count, 0, -1)]))

    assert binom.sf(kth - 1, count, 0.5) <= 0.05
    assert binom.sf(kth - 2, count, 0.5) > 0.05


def test_bound_of_too_few_values_is_the_largest() -> None:
    assert median_at_most([2.0]) == 2
    assert median_at_most([1.0, 3.0, 2.0]) == 3


def test_the_mean_of_turns_is_of_their_requests_and_of_the_time_of_each():
    mean = Turn.mean([Turn(1.0, 10.0), Turn(3.0, 30.0)])
    assert (mean.per_second, mean.per_cpu_second) == (2, pytest.approx(15))
