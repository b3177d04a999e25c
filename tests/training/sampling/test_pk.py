import numpy as np
import pytest

from training.errors import ConfigError
from training.sampling.pk import build

COUNTS = [1, 3, 4, 9, 20, 63, 5, 5]
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(8), COUNTS))


def epoch(sampler, batch_size=12, seed=0):
    return sampler.epoch(LABELS, batch_size, np.random.default_rng(seed))


def test_a_batch_holds_p_identities_with_k_images_each_k_together():
    order = epoch(build(per_identity=4))
    assert order.shape == (110 // 12, 12)
    for batch in order:
        groups = LABELS[batch].reshape(3, 4)
        assert (groups == groups[:, :1]).all()
        assert len(set(groups[:, 0])) == 3


def test_an_image_comes_twice_in_a_batch_only_where_its_identity_has_too_few():
    for batch in epoch(build(per_identity=4, images=2000)):
        for group in batch.reshape(3, 4):
            assert len(set(group)) == min(4, COUNTS[LABELS[group[0]]])


def test_each_identity_is_alike_often_however_many_images_it_has():
    drawn = LABELS[epoch(build(per_identity=4, images=9600))[:, ::4]].reshape(-1)
    counts = np.bincount(drawn)
    assert counts.sum() == 2400
    assert counts.max() - counts.min() <= 1


def test_every_image_of_an_identity_has_its_turn():
    assert set(epoch(build(per_identity=4, images=9600)).reshape(-1)) == set(range(110))


def test_a_batch_that_is_no_multiple_of_k_is_filled_by_whole_groups():
    assert epoch(build(per_identity=5), batch_size=14).shape[1] == 10


def test_a_seed_gives_the_same_epoch_and_another_seed_another():
    np.testing.assert_array_equal(epoch(build(), seed=3), epoch(build(), seed=3))
    assert (epoch(build(), seed=3) != epoch(build(), seed=4)).any()


@pytest.mark.parametrize("batch_size", [4, 7, 36])
def test_a_batch_needs_two_identities_and_no_more_than_there_are(batch_size):
    with pytest.raises(ConfigError, match="at most the 8 that there are"):
        epoch(build(per_identity=4), batch_size)


@pytest.mark.parametrize("options", [{"per_identity": 1}, {"images": 0}], ids=str)
def test_a_group_without_a_genuine_pair_is_refused(options):
    with pytest.raises(ValueError, match="at least 2"):
        build(**options)


def test_a_batch_of_few_identities_is_filled_with_more_images_of_each():
    labels = np.repeat(np.arange(3), 10)
    order = build(per_identity=4, fill=True).epoch(labels, 24, np.random.default_rng(0))
    for batch in order:
        assert sorted(labels[batch]) == [0] * 8 + [1] * 8 + [2] * 8
