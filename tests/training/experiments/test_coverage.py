"""Coverage of the 95 % intervals, on simulated people.

A reduced grid of `python -m training coverage`, which writes docs/coverage.md.
"""

from dataclasses import replace

import pytest
from scipy.stats import binomtest

from training.experiments import coverage
from training.experiments.coverage import Cell, Effects, Rate, measure, measure_all

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


@pytest.fixture(scope="module")
def small():
    return Cell(Rate.FNMR, Effects.WEAK, 10, 0.3)


def test_data_sets_that_are_skipped_are_those_of_the_first_measurement(small):
    first, rest, both = measure(small, 40), measure(small, 60, skipped=40), measure(small, 100)
    assert 40 * first.above + 60 * rest.above == pytest.approx(100 * both.above)
    assert 40 * first.width + 60 * rest.width == pytest.approx(100 * both.width)
    assert rest.width != first.width


@pytest.mark.parametrize(
    ("share", "repetitions", "judged"),  # Whether it is near an end, open, and within the bar.
    [
        (0.96, 300, (False, False, True)),
        (0.94, 300, (False, True, True)),
        (0.929, 1600, (True, True, True)),
        (0.917, 300, (True, True, False)),
        (0.88, 1600, (True, False, False)),
        (0.985, 400, (True, True, True)),
        (1.0, 1600, (True, False, False)),
    ],
)
def test_a_share_is_judged_by_its_value_and_its_interval(small, share, repetitions, judged):
    one = replace(measure(small, 20), share=share, repetitions=repetitions)
    assert (one.is_near, one.is_open, one.is_within) == judged
    assert not replace(one, cell=replace(one.cell, effects=Effects.DISTANCES)).is_near
    wilsons = binomtest(round(share * repetitions), repetitions).proportion_ci(method="wilson")
    assert one.interval == pytest.approx(tuple(wilsons), abs=2e-3)


def test_a_cell_near_an_end_is_measured_again_on_other_data_sets(small, monkeypatch):
    monkeypatch.setattr(coverage, "grid", lambda: iter([small]))
    monkeypatch.setattr(coverage, "BAR", (0.0, 0.5))  # The share lies beyond its end.
    assert measure_all(20, 1) == [measure(small, 20)]
    assert measure_all(20, 1, again=30) == [measure(small, 30, skipped=20)]
    monkeypatch.setattr(coverage, "BAR", (0.0, 1.1))  # It lies far from both ends.
    assert measure_all(20, 1, again=30) == [measure(small, 20)]
