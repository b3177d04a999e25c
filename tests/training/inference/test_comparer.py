import numpy as np
import pytest

from model.manifest import Metric
from training.inference.comparer import EmbeddingComparer, PairComparer
from training.metrics.pair_sample import PairBound
from training.metrics.pairs import all_pairs

LABELS = np.repeat(np.arange(6), 3)
PIXELS = np.random.default_rng(0).integers(0, 256, (18, 4, 4, 1), dtype=np.uint8)


def embed(pixels):
    return pixels.reshape(len(pixels), -1).astype(np.float32)


def score(images1, images2):
    return np.linalg.norm(embed(images1) - embed(images2), axis=1).astype(np.float32)


@pytest.mark.parametrize("comparer", [EmbeddingComparer(embed, Metric.L2), PairComparer(score)])
def test_both_ways_of_comparing_agree_where_both_are_possible(comparer):
    expected = all_pairs(embed(PIXELS), LABELS, Metric.L2)
    found = comparer.pairs(PIXELS, LABELS)
    assert found.sample == expected.sample
    np.testing.assert_allclose(found.genuine, expected.genuine, rtol=1e-6)
    np.testing.assert_allclose(found.impostor, expected.impostor, rtol=1e-6)
    np.testing.assert_array_equal(found.genuine_subject, expected.genuine_subject)
    np.testing.assert_array_equal(found.impostor_subjects, expected.impostor_subjects)
    listed = comparer.energies(PIXELS, np.array([0, 5]), np.array([17, 2]))
    np.testing.assert_allclose(listed, score(PIXELS[[0, 5]], PIXELS[[17, 2]]), rtol=1e-6)


def test_a_pair_model_compares_no_more_than_its_bound_and_says_that_they_are_not_all():
    compared = PairComparer(score, PairBound(genuine=7, impostor=11)).pairs(PIXELS, LABELS)
    assert (len(compared.genuine), len(compared.impostor)) == (7, 11)
    assert not compared.are_all
    assert compared.images == 18


def test_more_pairs_than_are_scored_at_once_keep_their_order():
    rng = np.random.default_rng(1)
    left, right = rng.integers(18, size=(2, 1100))
    energies = PairComparer(score).energies(PIXELS, left, right)
    np.testing.assert_array_equal(energies, score(PIXELS[left], PIXELS[right]))
