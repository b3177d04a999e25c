import numpy as np
import pytest

from training.errors import ConfigError, DataError
from training.registry import Component, Part, build
from training.sampling.listed_pairs import ListedPairs

LABELS = np.array([0, 0, 0, 1, 1, 2, 3])
PAIRS = np.array([[0, 1], [1, 2], [3, 4], [0, 3], [4, 5], [5, 6], [6, 0], [2, 4]])


def drawn(pairs_per_epoch=40, batch_size=8, seed=0):
    rng = np.random.default_rng(seed)
    return ListedPairs(PAIRS, pairs_per_epoch).epoch(LABELS, batch_size, rng)


def test_only_listed_pairs_are_drawn_genuine_and_impostor_alike_often():
    pairs = drawn().reshape(-1, 2)
    assert len(pairs) == 40
    assert {tuple(p) for p in pairs.tolist()} == {tuple(p) for p in PAIRS.tolist()}
    assert (LABELS[pairs[:, 0]] == LABELS[pairs[:, 1]]).sum() == 20


def test_each_pair_is_drawn_once_before_any_is_drawn_again():
    pairs = drawn(pairs_per_epoch=10, batch_size=4).reshape(-1, 2)
    _, counts = np.unique(pairs, axis=0, return_counts=True)
    assert sorted(counts.tolist()) == [1, 1, 1, 1, 1, 1, 2, 2]


def test_batches_hold_whole_pairs_and_a_seed_gives_the_same():
    assert drawn(batch_size=7).shape == (11, 6)
    np.testing.assert_array_equal(drawn(seed=3), drawn(seed=3))
    assert not np.array_equal(drawn(seed=3), drawn(seed=4))


def test_one_kind_of_pair_is_not_enough():
    sampler = ListedPairs(PAIRS[:3], 4)
    with pytest.raises(DataError, match="genuine and impostor pairs whose"):
        sampler.epoch(LABELS, 4, np.random.default_rng(0))


@pytest.mark.parametrize(("pairs", "many"), [(None, 10), (PAIRS[:0], 10), (PAIRS, 1)])
def test_data_without_a_list_is_refused(pairs, many):
    component = Component(name="listed_pairs", options={"pairs_per_epoch": many})
    with pytest.raises(ConfigError, match="cannot be built"):
        build(Part.SAMPLER, component, pairs=pairs)
