"""Coverage of the 95 % intervals of likelihood ratios, on the people of `coverage`.

In the populations *weak* and *strong* the energies of genuine pairs are shifted, so that both kinds
are normal of variance 1 and the logarithm of the true ratio is a line. That of *distances* is none:
there, an interval also misses because the line does not fit.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2

from model.scoring import log10_half_width
from training.experiments.coverage import DIM, PEOPLE, SCATTER, Effects, simulate
from training.metrics.likelihood import fit_line
from training.metrics.line_bootstrap import line_uncertainty
from training.metrics.pairs import PairEnergies

LOG10_RATIOS = (-1.0, 0.0, 1.0)
"""True log10 LR of the energies that are tried."""
APART = 3.0
"""Distance of the mean genuine and impostor energy, in standard deviations."""
_SEED = 21

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RatioCoverage:
    """Share of simulated data sets whose interval holds the true ratio, at several energies.

    The intervals are those before the bounds are applied.

    Attributes:
        effects: Differences between the people.
        people: Number of them.
        shares: Share of the intervals that hold each of `LOG10_RATIOS`.
        above: Share of the intervals that lie above it, for each.
        widths: Mean width in log10, for each.
    """

    effects: Effects
    people: int
    shares: tuple[float, ...]
    above: tuple[float, ...]
    widths: tuple[float, ...]


def grid() -> Iterator[tuple[Effects, int]]:
    """All populations, in the order of the page."""
    yield from product(Effects, PEOPLE)


def measure_all(repetitions: int, workers: int) -> list[RatioCoverage]:
    """Measure every population, in several processes."""
    effects, people = zip(*grid(), strict=True)
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(measure, effects, people, [repetitions] * len(people)))


def measure(effects: Effects, people: int, repetitions: int) -> RatioCoverage:
    """Simulate data sets, and count the intervals that hold the true ratio."""
    energies = np.array([energy_of(effects, log10) for log10 in LOG10_RATIOS])
    seeds = np.random.SeedSequence([_SEED, people, *effects.encode()]).spawn(repetitions)
    ends = np.array([_interval(effects, people, energies, seed) for seed in seeds])
    low, high = ends[:, 0], ends[:, 1]
    above, below = (low > LOG10_RATIOS).mean(axis=0), (high < LOG10_RATIOS).mean(axis=0)
    return RatioCoverage(
        effects=effects,
        people=people,
        shares=tuple((1 - above - below).tolist()),
        above=tuple(above.tolist()),
        widths=tuple((high - low).mean(axis=0).tolist()),
    )


def simulate_pairs(effects: Effects, people: int, rng: np.random.Generator) -> PairEnergies:
    """Draw people, and energies whose true likelihood ratio is known."""
    pairs = simulate(effects, people, rng)
    if effects is Effects.DISTANCES:
        return pairs
    return replace(pairs, genuine=pairs.genuine - np.float32(APART))


def energy_of(effects: Effects, log10: float) -> float:
    """Energy at which the true log10 LR has some value."""
    natural = log10 * np.log(10)
    if effects is not Effects.DISTANCES:  # ln LR = (E² - (E + APART)²) / 2.
        return float(-natural / APART - APART / 2)
    return float(brentq(lambda energy: _distance_log_ratio(energy) - natural, 1e-3, 30))


def _distance_log_ratio(energy: float) -> float:
    """True natural log LR of a distance, whose square is of chi-squared distributions."""
    genuine = [2 * a * a for a in SCATTER]
    impostor = [2 + a * a + b * b for a, b in product(SCATTER, repeat=2)]
    one, other = (
        np.mean([chi2.pdf(energy**2 / v, DIM) / v for v in variances])
        for variances in (genuine, impostor)
    )
    # Far out the genuine density underflows; only the sign counts there.
    return float(np.log(max(one, np.finfo(np.float64).tiny)) - np.log(other))


def _interval(
    effects: Effects, people: int, energies: Floats, seed: np.random.SeedSequence
) -> tuple[Floats, Floats]:
    """Ends of one data set's intervals of log10 LR, each (energies,)."""
    pairs = simulate_pairs(effects, people, np.random.default_rng(seed))
    slope, intercept = fit_line(pairs)
    uncertainty = line_uncertainty(pairs)
    middle = intercept + slope * energies
    half = np.array([log10_half_width(uncertainty, energy) for energy in energies.tolist()])
    return middle - half, middle + half
