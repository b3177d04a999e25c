"""Coverage of the intervals of likelihood ratios, on simulated people.

A reduced grid of `python -m training coverage`, which writes docs/coverage.md.
"""

import math

import numpy as np
import pytest

from training.experiments.coverage import Effects
from training.experiments.ratio_coverage import LOG10_RATIOS, energy_of, measure, simulate_pairs

REPETITIONS = 60
LEAST = 0.85
"""92 % is the bar of the whole grid; 60 repetitions show a share of 95 % to within 6 %."""


@pytest.mark.parametrize("effects", [Effects.WEAK, Effects.STRONG])
@pytest.mark.parametrize("people", [10, 30])
def test_the_interval_of_a_likelihood_ratio_covers(effects, people):
    assert min(measure(effects, people, REPETITIONS).shares) >= LEAST


@pytest.mark.parametrize("effects", Effects)
def test_the_true_ratio_is_that_of_the_energies(effects):
    rng = np.random.default_rng(4)
    drawn = [simulate_pairs(effects, 60, rng) for _ in range(12)]
    for log10 in LOG10_RATIOS:
        at, wide = energy_of(effects, log10), 0.15
        shares = [
            np.mean([np.mean(np.abs(kind - at) < wide) for kind in kinds])
            for kinds in zip(*((pairs.genuine, pairs.impostor) for pairs in drawn), strict=True)
        ]
        assert math.log10(shares[0] / shares[1]) == pytest.approx(log10, abs=0.12)
