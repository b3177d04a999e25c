"""Coverage of the 95 % intervals of FMR and FNMR, by simulation of people like those of users.

People differ: in the populations *weak* and *strong* random effects of the two subjects make up 10
and 40 % of the variance of an energy, one of the two together half as much, and the quality of the
images 20 %. In the population *distances* an energy is the distance of embeddings
that scatter around their subject, twice as far for one half of the people. Images per person are
skewed: from 2 to 25, with a median of 3.

The bar, of *weak* and *strong*, is a share of 92 to 99 %. A cell of these whose share is beyond an
end of it or near to one is measured again, on more data sets of its own.
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
BAR = (0.92, 0.99)
"""Share of the intervals that should hold the true rate."""
NEAR = 0.01
"""Distance from an end of the bar at which a cell is measured again."""
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
        repetitions: Number of data sets.
        share: Share of the intervals that hold the true rate.
        above: Share of the intervals that lie above it.
        below: Share of the intervals that lie below it.
        width: Mean width of the intervals.
        binomial: Share that holds it with Wilson's interval for as many independent pairs.
    """

    cell: Cell
    repetitions: int
    share: float
    above: float
    below: float
    width: float
    binomial: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share, over data sets."""
        return wilson(self.share, self.repetitions)

    @property
    def is_within(self) -> bool:
        """True if the share meets the bar."""
        return BAR[0] <= self.share <= BAR[1]

    @property
    def is_near(self) -> bool:
        """True if the bar is for such people, and the share beyond an end of it or `NEAR` to it."""
        return self.cell.effects in _SHARES and not BAR[0] + NEAR < self.share < BAR[1] - NEAR

    @property
    def is_open(self) -> bool:
        """True if an end of the bar lies in the interval of the share."""
        low, high = self.interval
        return any(low <= end <= high for end in BAR)


def grid() -> Iterator[Cell]:
    """All cells, in the order of the page."""
    for rate, effects, people in product(Rate, Effects, PEOPLE):
        for truth in RATES[rate]:
            yield Cell(rate, effects, people, truth)


def measure_all(repetitions: int, workers: int, again: int = 0) -> list[Coverage]:
    """Measure every cell, in several processes.

    Those near an end of the bar are measured again on as many other data sets as `again`. Their
    figures take the place of the first ones, which are too extreme: cells were picked by them.
    """
    cells = list(grid())
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(measure, cells, [repetitions] * len(cells)))
        if not again:
            return found
        chosen = [one.cell for one in found if one.is_near]
        repeated = pool.map(measure, chosen, [again] * len(chosen), [repetitions] * len(chosen))
        better = dict(zip(chosen, repeated, strict=True))
    return [better.get(one.cell, one) for one in found]


def measure(cell: Cell, repetitions: int, skipped: int = 0) -> Coverage:
    """Simulate data sets, and count the intervals that hold the true rate.

    The first `skipped` data sets of the cell are left out.
    """
    threshold = _threshold(cell)
    seeds = np.random.SeedSequence([_SEED, *f"{cell}".encode()]).spawn(skipped + repetitions)
    found = [_one(cell, threshold, np.random.default_rng(seed)) for seed in seeds[skipped:]]
    low, high, binomial = np.array(found).T
    above, below = float(np.mean(low > cell.truth)), float(np.mean(high < cell.truth))
    return Coverage(
        cell=cell,
        repetitions=repetitions,
        share=1 - above - below,
        above=above,
        below=below,
        width=float(np.mean(high - low)),
        binomial=float(binomial.mean()),
    )


def _one(cell: Cell, threshold: float, rng: np.random.Generator) -> tuple[float, float, bool]:
    """Interval of one data set, and whether the binomial one holds the true rate."""
    pairs = simulate(cell.effects, cell.people, rng)
    table, is_fmr = RateTable(pairs), cell.rate is Rate.FMR
    rate, (low, high) = table.fmr(threshold) if is_fmr else table.fnmr(threshold)
    naive = wilson(rate, len(pairs.impostor if is_fmr else pairs.genuine))
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
