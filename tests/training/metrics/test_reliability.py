import math

import numpy as np
import pytest

from model.manifest import LikelihoodRatio
from model.scoring import log10_likelihood_ratio
from training.experiments.coverage import Effects
from training.experiments.ratio_coverage import APART, simulate_pairs
from training.metrics.intervals import wilson
from training.metrics.reliability import reliability

TRUE = LikelihoodRatio(  # ln LR = (E² - (E + APART)²) / 2
    intercept=-(APART**2) / 2 / math.log(10),
    slope=-APART / math.log(10),
    log10_min=-9,
    log10_max=9,
)


def drawn(seed, people=60):
    return simulate_pairs(Effects.WEAK, people, np.random.default_rng(seed))


def test_the_bins_are_those_of_their_definition():
    pairs = drawn(0, people=15)
    found = reliability(pairs, TRUE, width=1.0)
    genuine, impostor = (
        log10_likelihood_ratio(TRUE, energies) for energies in (pairs.genuine, pairs.impostor)
    )
    assert [(one.low, one.high) for one in found] == [
        (k, k + 1) for k in range(round(found[0].low), round(found[-1].high))
    ]
    for one in found:
        inside = [[v for v in kind if one.low <= v < one.high] for kind in (genuine, impostor)]
        assert (one.genuine, one.impostor) == tuple(map(len, inside))
        shares = one.genuine / len(genuine), one.impostor / len(impostor)
        expected = (
            math.log10(shares[0] / shares[1])
            if all(shares)
            else math.copysign(math.inf, shares[0] - shares[1])
        )
        assert one.actual == pytest.approx(expected)
        weight = [1 / len(genuine)] * one.genuine + [1 / len(impostor)] * one.impostor
        posterior = np.average(
            [10**v / (1 + 10**v) for v in (*inside[0], *inside[1])], weights=weight
        )
        assert one.claimed == pytest.approx(math.log10(posterior / (1 - posterior)))


def test_every_pair_is_in_a_bin():
    pairs = drawn(1, people=10)
    for ratio in (TRUE, TRUE.model_copy(update={"log10_max": 2.0, "log10_min": -0.5})):
        found = reliability(pairs, ratio)
        assert sum(one.genuine for one in found) == len(pairs.genuine)
        assert sum(one.impostor for one in found) == len(pairs.impostor)


def test_true_ratios_are_found_to_be_true():
    held = [
        one.interval[0] <= one.claimed <= one.interval[1]
        for seed in range(25)
        for one in reliability(drawn(seed), TRUE, width=1.0)
    ]
    assert np.mean(held) >= 0.92


def test_ratios_that_claim_too_much_are_found_out():
    bold = TRUE.model_copy(update={"intercept": TRUE.intercept + 1})
    found = [one for one in reliability(drawn(2), bold, width=1.0) if one.low in (0, 1)]
    assert all(one.interval[1] < one.claimed for one in found)


def test_an_interval_without_pairs_of_a_kind_is_open_on_one_side(scattered):
    pairs = scattered(subjects=30, genuine_each=1, apart=30)
    split = LikelihoodRatio(intercept=20, slope=-1, log10_min=-1, log10_max=1)
    different, same = reliability(pairs, split, width=2.0)
    assert (different.actual, same.actual) == (-math.inf, math.inf)
    assert different.interval[0] == -math.inf
    assert same.interval[1] == math.inf
    # Without errors, pairs are worth as many trials as there are people, and pairs of people.
    least = math.log10(wilson(1, 30)[0] / wilson(0, 435)[1])
    assert same.interval[0] == pytest.approx(least, abs=0.15)
