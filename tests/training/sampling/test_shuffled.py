import numpy as np
import pytest

from training.sampling.shuffled import build

LABELS = np.repeat(np.arange(6), [1, 2, 5, 9, 20, 63])


def epoch(sampler, batch_size=10, seed=0):
    return sampler.epoch(LABELS, batch_size, np.random.default_rng(seed))


def test_every_image_is_drawn_once():
    order = epoch(build())
    assert order.shape == (10, 10)
    assert sorted(order.reshape(-1)) == list(range(100))
    assert (order.reshape(-1) != np.arange(100)).any()


def test_of_one_identity_at_most_so_many_are_drawn():
    order = epoch(build(per_identity=5), batch_size=1).reshape(-1)
    assert len(set(order)) == len(order)
    assert np.bincount(LABELS[order]).tolist() == [1, 2, 5, 5, 5, 5]


def test_which_images_of_an_identity_are_drawn_changes_with_the_epoch():
    sampler = build(per_identity=5)
    one, other = (set(epoch(sampler, 1, seed).reshape(-1)) for seed in (0, 1))
    assert one != other


def test_a_small_data_set_is_gone_through_until_there_are_enough_images():
    order = epoch(build(images=250))
    assert order.shape == (30, 10)
    assert np.bincount(order.reshape(-1)).tolist() == [3] * 100


def test_a_rest_that_fills_no_batch_is_left_out():
    assert epoch(build(), batch_size=30).shape == (3, 30)


def test_a_batch_larger_than_the_data_set_is_filled_by_repeats():
    order = epoch(build(), batch_size=150)
    assert order.shape == (1, 150)
    assert set(order.reshape(-1)) == set(range(100))


def test_a_seed_gives_the_same_epoch():
    np.testing.assert_array_equal(epoch(build(), seed=5), epoch(build(), seed=5))


@pytest.mark.parametrize("options", [{"per_identity": 0}, {"images": 0}])
def test_nothing_to_draw_is_refused(options):
    with pytest.raises(ValueError, match="at least 1"):
        build(**options)
