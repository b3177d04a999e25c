"""FNIR against enumeration, a bootstrap of people, and people drawn with known shares."""

import numpy as np
import pytest

from model.manifest import Metric
from training.metrics.identification.fnir import FnirTable
from training.metrics.pairs import PairEnergies, all_pairs


def test_fnir_is_the_mean_of_the_people_over_probes_and_enrolled_images():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(6), [1, 2, 2, 3, 5, 9])
    vectors = rng.standard_normal((len(labels), 3)).astype(np.float32)
    table = FnirTable(all_pairs(vectors, labels, Metric.L2))
    for threshold in (0.5, 1.5, 2.5, 99.0):
        shares = []
        for person in range(1, 6):
            rows = vectors[labels == person].astype(np.float64)
            missed = [
                np.linalg.norm(probe - mate) > threshold
                for i, probe in enumerate(rows)
                for k, mate in enumerate(rows)
                if i != k
            ]
            shares.append(np.mean(missed))
        rate, (low, high) = table.fnir(threshold)
        assert rate == pytest.approx(np.mean(shares))
        assert low <= rate <= high


def of_people(shares, pairs, rng):
    """Genuine pairs of people who miss such shares of them, at a threshold of 1."""
    person = np.repeat(np.arange(len(shares)), pairs)
    energies = np.where(rng.random(len(person)) < shares[person], 2.0, 0.5).astype(np.float32)
    order = np.argsort(energies, kind="stable")
    none = np.empty(0, np.float32)
    return PairEnergies(
        len(person), len(shares), energies[order], person[order], none, np.empty((0, 2), np.int64)
    )


@pytest.mark.parametrize(("mean", "people"), [(0.02, 60), (0.3, 60), (0.3, 200)])
def test_the_interval_covers_with_people_who_differ(mean, people):
    rng = np.random.default_rng(people)
    covered, trials = 0, 400
    for _ in range(trials):
        shares = rng.beta(mean, 1 - mean, people)
        pairs = rng.choice([1, 3, 10, 45], people, p=[0.6, 0.2, 0.1, 0.1])
        low, high = FnirTable(of_people(shares, pairs, rng)).fnir(1.0)[1]
        covered += low <= mean <= high
    assert 0.93 <= covered / trials <= 0.99


def test_the_interval_is_that_of_a_bootstrap_of_people():
    rng = np.random.default_rng(2)
    shares = rng.beta(1, 2, 300)
    found = of_people(shares, np.full(300, 6), rng)
    rate, (low, high) = FnirTable(found).fnir(1.0)
    of_person = np.bincount(found.genuine_subject, found.genuine > 1.0) / 6
    drawn = of_person[rng.integers(0, 300, (4000, 300))].mean(axis=1)
    assert rate == pytest.approx(of_person.mean())
    np.testing.assert_allclose((low, high), np.quantile(drawn, [0.025, 0.975]), atol=0.01)
