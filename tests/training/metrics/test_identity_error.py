import itertools

import numpy as np
import pytest

from training.metrics.identity_error import error_over_identities


def by_hand(values, first, second):
    """The sum over all pairs of comparisons that share an identity, one by one."""
    errors = values - values.mean()
    people = [{a, b} for a, b in zip(first, second, strict=True)]
    share = [
        (c, d) for c, d in itertools.product(range(len(values)), repeat=2) if people[c] & people[d]
    ]
    variance = 0.0
    for _ in range(60):  # Each product is too small by the variance of the mean.
        variance = sum(errors[c] * errors[d] + variance for c, d in share) / len(values) ** 2
    return variance**0.5


def test_the_error_is_the_sum_over_all_comparisons_that_share_somebody():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 12, (2, 50))
    effect = rng.standard_normal(12)
    values = effect[first] + effect[second] + rng.standard_normal(50)
    found = error_over_identities(values, first, second)
    assert found == pytest.approx(by_hand(values, first, second))
    assert found > 1.2 * values.std() / 50**0.5  # Not those of independent comparisons.


def test_comparisons_that_share_nobody_have_the_binomial_error():
    right = np.arange(1000) % 10 > 0
    people = np.arange(2000)
    found = error_over_identities(right, people[:1000], people[1000:])
    assert found == pytest.approx((0.9 * 0.1 / 1000) ** 0.5, rel=1e-3)


def population(rng, people, images):
    """Right decisions of all pairs of simulated people's images, with effects of the people."""
    effect, kind = 0.7 * rng.standard_normal((2, people))
    owner = np.repeat(np.arange(people), images)
    left, right = np.triu_indices(len(owner), k=1)
    first, second = owner[left], owner[right]
    same = first == second
    noise = rng.standard_normal(len(left))
    energies = np.where(same, effect[first], 3 + (kind[first] + kind[second]) / 2) + noise
    return (energies <= 1.5) == same, first, second


def test_the_error_is_the_spread_over_samples_of_people_and_that_of_their_bootstrap():
    rng = np.random.default_rng(1)
    people = 30
    samples = [population(rng, people, 3) for _ in range(300)]
    true = np.std([right.mean() for right, *_ in samples])
    estimated = np.mean([error_over_identities(*sample) for sample in samples])
    assert estimated == pytest.approx(true, rel=0.12)
    # Pairs of two people that are compared nine times each: a bootstrap that draws people.
    right, first, second = samples[0]
    means = []
    for _ in range(500):
        drawn = np.bincount(rng.integers(people, size=people), minlength=people)
        weight = np.where(first == second, drawn[first], drawn[first] * drawn[second])
        means.append(np.average(right, weights=weight))
    assert error_over_identities(right, first, second) == pytest.approx(np.std(means), rel=0.2)
