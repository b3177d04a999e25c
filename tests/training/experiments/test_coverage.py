"""Coverage of the 95 % intervals, on simulated people.

A reduced grid of `python -m training coverage`, which writes docs/coverage.md.
"""

import pytest

from training.experiments.coverage import Cell, Effects, Rate, measure

REPETITIONS = 100
LEAST = 0.87
"""92 % is the bar of the whole grid; 100 repetitions show a share of 95 % to within 5 %."""


@pytest.mark.parametrize("effects", Effects)
@pytest.mark.parametrize(("people", "truth"), [(20, 0.05), (20, 0.001), (40, 0.01)])
def test_the_interval_of_an_fmr_covers(effects, people, truth):
    assert measure(Cell(Rate.FMR, effects, people, truth), REPETITIONS).share >= LEAST


@pytest.mark.parametrize("effects", Effects)
@pytest.mark.parametrize(("people", "truth"), [(10, 0.3), (20, 0.3), (50, 0.1)])
def test_the_interval_of_an_fnmr_covers(effects, people, truth):
    assert measure(Cell(Rate.FNMR, effects, people, truth), REPETITIONS).share >= LEAST


@pytest.mark.parametrize("rate", Rate)
def test_the_binomial_interval_does_not(rate):
    assert measure(Cell(rate, Effects.STRONG, 50, 0.1), REPETITIONS).binomial <= 0.7


def test_an_interval_is_not_wider_than_people_differ():
    weak, strong = (
        measure(Cell(Rate.FMR, effects, 50, 0.01), 60).width
        for effects in (Effects.WEAK, Effects.STRONG)
    )
    assert weak < 0.6 * strong
