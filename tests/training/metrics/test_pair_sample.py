from itertools import combinations

import numpy as np
import pytest

from training.metrics.pair_sample import PairBound, sample_pairs

LABELS = np.repeat(np.arange(30), 4)[np.random.default_rng(5).permutation(120)]


def drawn(bound, labels=LABELS):
    left, right = sample_pairs(labels, bound)
    same = labels[left] == labels[right]
    return {frozenset(p) for p in zip(left.tolist(), right.tolist(), strict=True)}, same


def test_few_enough_pairs_are_all_taken():
    found, same = drawn(PairBound(genuine=180, impostor=6960))
    assert found == {frozenset(pair) for pair in combinations(range(120), 2)}
    assert (same.sum(), (~same).sum()) == (180, 6960)
    assert same[:180].all()


@pytest.mark.parametrize("most", [3000, 50], ids=["listed", "drawn"])
def test_more_are_bounded_and_no_pair_is_met_twice(most):
    found, same = drawn(PairBound(genuine=100, impostor=most))
    assert len(found) == len(same) == 100 + most
    assert (same.sum(), (~same).sum()) == (100, most)
    assert all(len(pair) == 2 for pair in found)


def test_a_seed_draws_the_same_pairs_and_another_seed_others():
    bounds = [PairBound(50, 50, seed) for seed in (1, 1, 2)]
    one, again, other = (drawn(bound)[0] for bound in bounds)
    assert one == again != other


@pytest.mark.parametrize("most", [2000, 40], ids=["listed", "drawn"])
def test_every_impostor_pair_is_alike_likely(most):
    labels = np.array([0] * 10 + [1] * 10 + [2] * 60)
    between = np.zeros(3)
    for seed in range(60 if most == 40 else 1):
        left, right = sample_pairs(labels, PairBound(1, most if most == 40 else 700, seed))
        low, high = np.sort([labels[left], labels[right]], axis=0)
        between += [((low == a) & (high == b)).sum() for a, b in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(between / between.sum(), [100 / 1300, 6 / 13, 6 / 13], atol=0.04)


def test_one_image_of_each_gives_no_genuine_pair():
    left, _ = sample_pairs(np.arange(5), PairBound())
    assert len(left) == 10


@pytest.mark.parametrize("bound", [(0, 1), (1, 0)])
def test_a_sample_without_a_kind_is_refused(bound):
    with pytest.raises(ValueError, match="at least one"):
        PairBound(*bound)
