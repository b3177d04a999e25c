import numpy as np
import pytest

from training.errors import DataError
from training.metrics.verification import best_threshold, ten_fold_accuracy


def by_hand(energies, same):
    """The protocol, fold by fold, trying every threshold."""
    kinds = [np.flatnonzero(same), np.flatnonzero(~same)]
    accuracies = []
    for k in range(10):
        held_out = np.concatenate([np.array_split(kind, 10)[k] for kind in kinds])
        others = np.setdiff1d(np.arange(len(same)), held_out)
        candidates = [-1.0, *(np.unique(energies[others].astype(float)) + 1e-6)]
        scores = [np.mean((energies[others] <= c) == same[others]) for c in candidates]
        best = candidates[int(np.argmax(scores))]
        accuracies.append(np.mean((energies[held_out] <= best) == same[held_out]))
    return np.mean(accuracies)


def test_ten_fold_accuracy_is_the_protocol_by_hand():
    rng = np.random.default_rng(0)
    same = np.arange(400) % 2 == 0
    # Whole numbers, so that a threshold anywhere between two of them decides alike.
    energies = np.round(np.where(same, 40, 60) + 12 * rng.standard_normal(400)).astype(np.float32)
    found = ten_fold_accuracy(energies, same)
    assert found.accuracy == pytest.approx(by_hand(energies, same)) == found.right.mean()


def test_parted_energies_are_all_right():
    same = np.array([True] * 30 + [False] * 30)
    found = ten_fold_accuracy(np.where(same, 0.1, 0.9).astype(np.float32), same)
    assert found.accuracy == 1
    assert found.right.all()


def test_a_fold_that_is_all_wrong_costs_a_tenth():
    same = np.array([True] * 100 + [False] * 100)
    energies = np.where(same, 1.0, 2.0).astype(np.float32)
    energies[:10], energies[100:110] = 2.0, 1.0  # The first fold is mislabelled.
    accuracy, right = ten_fold_accuracy(energies, same)
    assert accuracy == pytest.approx(0.9)
    assert np.flatnonzero(~right).tolist() == [*range(10), *range(100, 110)]


@pytest.mark.parametrize("counts", [(9, 50), (50, 9)])
def test_fewer_than_ten_pairs_of_a_kind_are_refused(counts):
    same = np.repeat([True, False], counts)
    with pytest.raises(DataError, match="ten"):
        ten_fold_accuracy(np.zeros(len(same), np.float32), same)


def right(energies, same, threshold):
    return int(((energies.astype(float) <= threshold) == same).sum())


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_decides_more_pairs_rightly_than_the_best(seed):
    rng = np.random.default_rng(seed)
    same = rng.random(40) < rng.random()
    energies = rng.integers(0, 8, 40).astype(np.float32)  # Many ties, as with codes.
    most = max(right(energies, same, t) for t in np.arange(-0.5, 9))
    assert right(energies, same, best_threshold(energies, same)) == most


def test_the_best_threshold_lies_midway_between_two_energies():
    energies = np.float32([1, 2, 4, 8])
    assert best_threshold(energies, np.array([True, True, False, False])) == 3.0


def test_a_threshold_between_two_neighbouring_floats_parts_them_in_every_fold():
    same = np.array([True] * 20 + [False] * 20)
    low = np.nextafter(np.float32(0.3), np.float32(0))
    energies = np.where(same, low, np.nextafter(low, np.float32(1)))
    assert ten_fold_accuracy(energies, same).accuracy == 1
