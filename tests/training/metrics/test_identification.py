import itertools
from math import comb

import numpy as np
import pytest
from scipy.stats import norm

from model.manifest import Metric
from training.metrics.identification.fpir import FpirTable, jackknife
from training.metrics.identification.searches import Searches, by_independence, search
from training.metrics.pairs import PairEnergies, all_pairs
from training.metrics.rates import RateTable

PEOPLE = 7


def of_people(energies):
    """Searches of one probe a person, from energies of shape (people, people)."""
    np.fill_diagonal(energies, np.inf)
    return Searches(np.arange(len(energies)), energies.astype(np.float32))


@pytest.fixture(scope="module")
def searches():
    """Searches of people with one to three probes each."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(PEOPLE), [1, 2, 3, 1, 2, 1, 2])
    energies = rng.integers(1, 9, (len(person), PEOPLE)).astype(np.float32)
    energies[np.arange(len(person)), person] = np.inf
    return Searches(person, energies)


def by_drawing(searches, size, threshold):
    """FPIR from every gallery of the other people, one after the other."""
    of_person = []
    for own in range(searches.people):
        others = [other for other in range(searches.people) if other != own]
        galleries = list(itertools.combinations(others, size))
        probes = searches.energies[searches.person == own]
        found = [(row[list(g)] <= threshold).any() for row in probes for g in galleries]
        of_person.append(np.mean(found))
    return np.mean(of_person)


@pytest.mark.parametrize("size", [1, 2, 4, PEOPLE - 1])
def test_the_rate_is_that_over_all_galleries(searches, size):
    for threshold in (0.0, 1.5, 4.0, 9.0):
        expected = by_drawing(searches, size, threshold)
        assert searches.rate(size, threshold) == pytest.approx(expected, abs=1e-12)


def test_a_gallery_of_all_others_matches_where_any_does_and_none_where_none(searches):
    assert searches.rate(PEOPLE - 1, 0.0) == 0
    any_match = (searches.energies <= 3).any(axis=1)
    assert searches.rate(PEOPLE - 1, 3.0) == pytest.approx(searches.weights @ any_match)
    with pytest.raises(ValueError, match=f"{PEOPLE} people of {PEOPLE - 1}"):
        searches.rate(PEOPLE, 3.0)


def test_a_gallery_of_one_has_the_fmr():
    vectors = np.random.default_rng(4).standard_normal((30, 4)).astype(np.float32)
    found = search(vectors, np.arange(30), Metric.L2)
    labels = np.append(np.arange(30), 0)  # A genuine pair, far away from all.
    pairs = all_pairs(np.vstack([vectors, vectors[:1] + 99]), labels, Metric.L2)
    for threshold in (1.0, 2.0, 3.0):
        near = pairs.impostor[pairs.impostor < 50]
        assert found.rate(1, threshold) == pytest.approx(np.mean(near <= threshold))


def test_each_probe_is_compared_with_an_image_of_each_other_person():
    rng = np.random.default_rng(5)
    labels = rng.permutation(np.repeat([10, 20, 30], [1, 2, 4]))
    found = search(labels[:, None].astype(np.float32), labels, Metric.L1)
    assert found.person.tolist() == [0, 1, 1, 2, 2, 2, 2]
    expected = np.abs(np.subtract.outer([10.0, 20.0, 30.0], [10.0, 20.0, 30.0]))
    np.fill_diagonal(expected, np.inf)
    assert (found.energies == expected[found.person]).all()


@pytest.mark.parametrize(("size", "target"), [(1, 0.3), (3, 0.2), (5, 0.5)])
def test_the_threshold_is_the_highest_that_keeps_the_target(searches, size, target):
    threshold = searches.threshold(size, target)
    assert searches.rate(size, threshold) <= target
    higher = searches.observed[searches.observed > threshold].min()
    assert searches.rate(size, float(higher)) > target


def test_a_target_that_no_match_meets_gets_a_threshold_below_all(searches):
    assert searches.rate(5, searches.threshold(5, 1e-9)) == 0


@pytest.mark.parametrize("size", [1, 3])
def test_the_jackknife_leaves_out_each_person_as_probe_and_in_galleries(searches, size):
    def without(person):
        probes, kept = searches.person != person, np.arange(PEOPLE) != person
        numbers = np.unique(searches.person[probes], return_inverse=True)[1]
        return Searches(numbers, searches.energies[probes][:, kept]).rate(size, 2.0)

    rates = np.array([without(person) for person in range(PEOPLE)])
    whole = np.square(rates - rates.mean()).sum() * (PEOPLE - 1) / PEOPLE
    variance, degrees = jackknife(searches, size, 2.0)
    assert whole / 2 * (1 - 1e-6) <= variance < whole
    assert 1 <= degrees <= PEOPLE - 1


def test_the_variance_of_one_against_one_is_the_dyadic_one():
    rng = np.random.default_rng(6)
    effects = rng.standard_normal(60)
    energies = 4 + np.add.outer(effects, effects) + np.triu(rng.standard_normal((60, 60)), 1)
    energies = np.triu(energies, 1) + np.triu(energies, 1).T
    pairs = _as_pairs(energies)
    threshold = float(np.quantile(pairs.impostor, 0.1))
    rate = RateTable(pairs)._impostors(0, int((pairs.impostor <= threshold).sum()))
    variance, _ = jackknife(of_people(energies), 1, threshold)
    assert variance == pytest.approx(rate.variance, rel=0.1)


def _as_pairs(energies):
    left, right = np.triu_indices(len(energies), 1)
    values = energies[left, right].astype(np.float32)
    order = np.argsort(values)
    subjects = np.stack([left, right], axis=1)[order]
    one = np.zeros(1, np.float32)
    return PairEnergies(61, 60, one, np.zeros(1, np.int64), values[order], subjects)


def _threshold_of(share, size, target):
    """Threshold at which random people have a FPIR of `target`: by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(101)
    weights /= weights.sum()
    effects = np.sqrt(share) * np.add.outer(nodes, nodes)

    def missing(threshold):
        matching = norm.cdf((threshold - effects) / np.sqrt(1 - 2 * share)) @ weights
        return weights @ (1 - (1 - matching) ** size) - target

    low, high = -9.0, 9.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if missing(middle) > 0 else (middle, high)
    return low


@pytest.mark.parametrize(
    ("people", "size", "target"), [(50, 1, 0.05), (50, 2, 0.05), (50, 10, 0.1), (100, 20, 0.05)]
)
@pytest.mark.parametrize("share", [0.25, 0.4])
def test_intervals_cover_with_strong_effects_of_people(people, size, target, share):
    # Wolves and lambs: half or four fifths of the variance is people's own.
    rng = np.random.default_rng(people + size)
    threshold, covered, trials = _threshold_of(share, size, target), 0, 120
    for _ in range(trials):
        effects = np.sqrt(share) * rng.standard_normal(people)
        noise = np.triu(rng.standard_normal((people, people)), 1) * np.sqrt(1 - 2 * share)
        energies = np.add.outer(effects, effects) + noise + noise.T
        low, high = FpirTable(of_people(energies), size).fpir(threshold).interval
        covered += low <= target <= high
    assert 0.92 <= covered / trials <= 0.99


def test_independent_comparisons_have_the_rate_of_the_formula():
    assert by_independence(0.01, 100) == pytest.approx(1 - 0.99**100)
    assert by_independence(1.0, 3) == 1
    matches = sum(comb(100, k) * 0.01**k * 0.99 ** (100 - k) for k in range(1, 101))
    assert by_independence(0.01, 100) == pytest.approx(matches)
