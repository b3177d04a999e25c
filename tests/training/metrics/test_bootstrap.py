"""The intervals beside a bootstrap over subjects, which assumes nothing of how pairs depend.

Simulated people have a place of their own, around which their images scatter: little for half of
them and much for the other half. Both error rates then have a closed form.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import chi2

from model.manifest import Metric
from training.metrics.intervals import wilson
from training.metrics.pairs import all_pairs
from training.metrics.rates import RateTable

SUBJECTS, IMAGES, DIM = 40, 5, 4
SCATTER = (0.3, 0.6)
THRESHOLD = 1.4
REPETITIONS, DRAWS = 100, 150


def drawn_people(rng):
    """Embeddings of people, (images, dim), and whose each is, (images,)."""
    places = rng.standard_normal((SUBJECTS, 1, DIM))
    scatter = rng.choice(SCATTER, (SUBJECTS, 1, 1))
    images = places + scatter * rng.standard_normal((SUBJECTS, IMAGES, DIM))
    return images.reshape(-1, DIM).astype(np.float32), np.repeat(np.arange(SUBJECTS), IMAGES)


def share_within(variance):
    """How often two points, whose coordinates differ by this variance, are within the threshold."""
    return chi2.cdf(THRESHOLD**2 / variance, DIM)


FMR = float(np.mean([share_within(2 + a**2 + b**2) for a in SCATTER for b in SCATTER]))
FNMR = float(np.mean([1 - share_within(2 * a**2) for a in SCATTER]))


def bootstrap(embeddings, rng):
    """95 % percentile intervals of FMR and FNMR: people drawn with replacement, all their pairs.

    A person who is drawn twice makes their genuine pairs twice, and no impostor pair with
    themselves.
    """
    people = embeddings.reshape(SUBJECTS, IMAGES, DIM).astype(np.float64)
    between = people[:, None, :, None] - people[None, :, None, :]
    accepted = np.linalg.norm(between, axis=-1) <= THRESHOLD  # (subjects, subjects, images, images)
    of_two = accepted.mean(axis=(2, 3))
    one, other = np.triu_indices(IMAGES, k=1)
    of_one = accepted[np.arange(SUBJECTS), np.arange(SUBJECTS)][:, one, other].mean(axis=1)
    left, right = np.triu_indices(SUBJECTS, k=1)
    fmr, fnmr = [], []
    for _ in range(DRAWS):
        drawn = rng.integers(0, SUBJECTS, SUBJECTS)
        different = drawn[left] != drawn[right]
        fmr.append(of_two[drawn[left], drawn[right]][different].mean())
        fnmr.append(1 - of_one[drawn].mean())
    return [tuple(np.quantile(rates, [0.025, 0.975])) for rates in (fmr, fnmr)]


@dataclass
class Seen:
    """What the repetitions gave for one rate: each interval, ours, the bootstrap's, the naive."""

    truth: float
    ours: list
    bootstrap: list
    naive: list

    def coverage(self, which):
        return np.mean([low <= self.truth <= high for low, high in getattr(self, which)])

    def widths(self, which):
        return np.diff(getattr(self, which), axis=1)[:, 0]


@pytest.fixture(scope="module")
def seen():
    rng = np.random.default_rng(8)
    seen = {"fmr": Seen(FMR, [], [], []), "fnmr": Seen(FNMR, [], [], [])}
    for _ in range(REPETITIONS):
        embeddings, labels = drawn_people(rng)
        pairs = all_pairs(embeddings, labels, Metric.L2)
        rates = RateTable(pairs).rates(THRESHOLD)
        drawn = bootstrap(embeddings, rng)
        for name, by_draws, count in zip(
            ("fmr", "fnmr"), drawn, (len(pairs.impostor), len(pairs.genuine)), strict=True
        ):
            seen[name].ours.append(getattr(rates, f"{name}_interval"))
            seen[name].bootstrap.append(by_draws)
            seen[name].naive.append(wilson(getattr(rates, name), count))
    return seen


@pytest.mark.parametrize("rate", ["fmr", "fnmr"])
def test_the_intervals_are_about_as_wide_as_those_of_a_subject_bootstrap(seen, rate):
    ratio = seen[rate].widths("ours") / seen[rate].widths("bootstrap")
    assert 0.85 <= np.median(ratio) <= 1.15
    assert ratio.min() >= 0.6
    assert ratio.max() <= 1.5


@pytest.mark.parametrize("rate", ["fmr", "fnmr"])
def test_the_intervals_hold_the_true_rate_as_often_as_a_subject_bootstraps_do(seen, rate):
    assert seen[rate].coverage("ours") >= 0.88
    assert seen[rate].coverage("bootstrap") >= 0.88
    assert seen[rate].coverage("naive") <= 0.8


def test_the_simulation_has_the_error_rates_of_its_closed_form():
    rng = np.random.default_rng(9)
    rates = []
    for _ in range(100):
        pairs = all_pairs(*drawn_people(rng), Metric.L2)
        measured = RateTable(pairs).rates(THRESHOLD)
        rates.append((measured.fmr, measured.fnmr))
    assert np.mean(rates, axis=0) == pytest.approx((FMR, FNMR), rel=0.05)
