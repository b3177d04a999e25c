"""Coverage of the 95 % intervals of FMR and FNMR, by simulation of people like those of users.

People differ: in the populations *weak* and *strong* random effects of the two subjects make up 10
and 40 % of the variance of an energy, one of the two together half as much, and the quality of the
images 20 %. In the population *distances* an energy is the distance of embeddings
that scatter around their subject, twice as far for one half of the people. Images per person are
skewed: from 2 to 25, with a median of 3.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from training.metrics.intervals import wilson
from training.metrics.pairs import PairEnergies, compared_pairs
from training.metrics.rates import RateTable

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
PEOPLE = (10, 20, 50, 150)
_IMAGE = 0.2
"""Share of an energy's variance that the quality of the two images makes up."""
DIM, SCATTER = 4, (0.3, 0.6)
_SEED = 20


class Rate(StrEnum):
    """Error rate whose interval is tried."""

    FMR = "FMR"
    FNMR = "FNMR"


class Effects(StrEnum):
    """Differences between the people of a population."""

    WEAK = "weak"
    STRONG = "strong"
    DISTANCES = "distances"


RATES = {Rate.FMR: (0.05, 0.01, 0.001), Rate.FNMR: (0.3, 0.1, 0.02)}
_SHARES = {Effects.WEAK: 0.1, Effects.STRONG: 0.4}


@dataclass(frozen=True)
class Cell:
    """One population and one true error rate."""

    rate: Rate
    effects: Effects
    people: int
    truth: float


@dataclass(frozen=True)
class Coverage:
    """Share of simulated data sets whose interval holds the true rate.

    Attributes:
        cell: What was simulated.
        share: Share of the intervals that hold the true rate.
        above: Share of the intervals that lie above it.
        below: Share of the intervals that lie below it.
        width: Mean width of the intervals.
        binomial: Share that holds it with Wilson's interval for as many independent pairs.
    """

    cell: Cell
    share: float
    above: float
    below: float
    width: float
    binomial: float


def grid() -> Iterator[Cell]:
    """All cells, in the order of the page."""
    for rate, effects, people in product(Rate, Effects, PEOPLE):
        for truth in RATES[rate]:
            yield Cell(rate, effects, people, truth)


def measure_all(repetitions: int, workers: int) -> list[Coverage]:
    """Measure every cell, in several processes."""
    cells = list(grid())
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(measure, cells, [repetitions] * len(cells)))


def measure(cell: Cell, repetitions: int) -> Coverage:
    """Simulate data sets, and count the intervals that hold the true rate."""
    threshold = _threshold(cell)
    seeds = np.random.SeedSequence([_SEED, *f"{cell}".encode()]).spawn(repetitions)
    found = [_one(cell, threshold, np.random.default_rng(seed)) for seed in seeds]
    low, high, binomial = np.array(found).T
    above, below = float(np.mean(low > cell.truth)), float(np.mean(high < cell.truth))
    return Coverage(
        cell=cell,
        share=1 - above - below,
        above=above,
        below=below,
        width=float(np.mean(high - low)),
        binomial=float(binomial.mean()),
    )


def _one(cell: Cell, threshold: float, rng: np.random.Generator) -> tuple[float, float, bool]:
    """Interval of one data set, and whether the binomial one holds the true rate."""
    pairs = simulate(cell.effects, cell.people, rng)
    rates = RateTable(pairs).rates(threshold)
    if cell.rate is Rate.FMR:
        (low, high), naive = rates.fmr_interval, wilson(rates.fmr, len(pairs.impostor))
    else:
        (low, high), naive = rates.fnmr_interval, wilson(rates.fnmr, len(pairs.genuine))
    return low, high, naive[0] <= cell.truth <= naive[1]


def simulate(effects: Effects, people: int, rng: np.random.Generator) -> PairEnergies:
    """Draw people, their images, and the energies of all pairs."""
    images = np.clip(1 + np.round(np.exp(rng.normal(0.9, 0.8, people))), 2, 25).astype(int)
    subject = np.repeat(np.arange(people), images)
    left, right = np.triu_indices(len(subject), k=1)
    if effects is Effects.DISTANCES:
        energies = _distances(rng, subject, left, right)
    else:
        energies = _random_effects(rng, _SHARES[effects], subject, left, right)
    return compared_pairs(subject, left, right, energies.astype(np.float32))


def _random_effects(
    rng: np.random.Generator, share: float, subject: Indices, left: Indices, right: Indices
) -> Floats:
    """Energies of mean 0 and variance 1, of genuine and of impostor pairs alike."""
    people = int(subject.max()) + 1
    one, other = subject[left], subject[right]
    quality = rng.normal(0, math.sqrt(_IMAGE / 2), len(subject))
    of_subject = rng.normal(0, math.sqrt(share / 2), people)
    of_dyad = rng.normal(0, math.sqrt(share / 2), (people, people))
    of_genuine = rng.normal(0, math.sqrt(1.5 * share), people)
    noise = rng.normal(0, math.sqrt(1 - _IMAGE - 1.5 * share), len(left))
    effect = np.where(
        one == other, of_genuine[one], of_subject[one] + of_subject[other] + of_dyad[one, other]
    )
    energies: Floats = effect + quality[left] + quality[right] + noise
    return energies


def _distances(rng: np.random.Generator, subject: Indices, left: Indices, right: Indices) -> Floats:
    people = int(subject.max()) + 1
    places = rng.standard_normal((people, DIM))
    scatter = rng.choice(SCATTER, people)[subject, np.newaxis]
    images = places[subject] + scatter * rng.standard_normal((len(subject), DIM))
    distances: Floats = np.linalg.norm(images[left] - images[right], axis=1)
    return distances


def _threshold(cell: Cell) -> float:
    """Threshold whose true error rate is that of the cell."""
    if cell.effects is not Effects.DISTANCES:
        return float(norm.ppf(cell.truth if cell.rate is Rate.FMR else 1 - cell.truth))
    return float(brentq(lambda at: _distance_rate(cell.rate, at) - cell.truth, 1e-3, 30))


def _distance_rate(rate: Rate, threshold: float) -> float:
    """True error rate of distances: their squares are of chi-squared distributions."""
    if rate is Rate.FNMR:
        return float(np.mean([chi2.sf(threshold**2 / (2 * a * a), DIM) for a in SCATTER]))
    variances = [2 + a * a + b * b for a, b in product(SCATTER, repeat=2)]
    return float(np.mean([chi2.cdf(threshold**2 / v, DIM) for v in variances]))
