from itertools import combinations

import numpy as np
import pytest

from model.manifest import Metric
from training.errors import DataError
from training.metrics import pairs
from training.metrics.pairs import all_pairs

LABELS = np.array([7, 3, 7, 9, 3, 7])
EMBEDDINGS = np.random.default_rng(3).standard_normal((6, 5)).astype(np.float32)


@pytest.mark.parametrize("metric", [Metric.L1, Metric.L2])
def test_every_pair_of_different_images_is_met_once(metric):
    found = all_pairs(EMBEDDINGS, LABELS, metric)
    order = 1 if metric is Metric.L1 else 2
    expected = {True: [], False: []}
    for i, j in combinations(range(6), 2):
        distance = np.linalg.norm(EMBEDDINGS[i] - EMBEDDINGS[j], ord=order)
        expected[bool(LABELS[i] == LABELS[j])].append(distance)
    np.testing.assert_allclose(found.genuine, sorted(expected[True]), rtol=1e-5)
    np.testing.assert_allclose(found.impostor, sorted(expected[False]), rtol=1e-5)
    assert (found.images, found.subjects) == (6, 3)


def test_each_pair_keeps_its_subjects_through_the_sorting():
    # Each image's number is a power of two, so that an energy tells its two images.
    embeddings = np.float32([[1], [2], [4], [8], [16], [32]])
    images = {
        abs(embeddings[i, 0] - embeddings[j, 0]): (i, j) for i, j in combinations(range(6), 2)
    }
    found = all_pairs(embeddings, LABELS, Metric.L1)
    names = np.array([3, 7, 9])
    for energy, subject in zip(found.genuine, found.genuine_subject, strict=True):
        i, j = images[energy]
        assert names[subject] == LABELS[i] == LABELS[j]
    for energy, subjects in zip(found.impostor, found.impostor_subjects, strict=True):
        assert set(names[subjects]) == {LABELS[i] for i in images[energy]}


def test_codes_are_compared_by_their_bits():
    found = all_pairs(np.uint8([[0], [1], [255]]), np.array([0, 0, 1]), Metric.HAMMING)
    assert (found.genuine.tolist(), found.impostor.tolist()) == ([1.0], [7.0, 8.0])


def test_the_sample_is_counted():
    sample = all_pairs(EMBEDDINGS, LABELS, Metric.L2).sample
    assert sample.model_dump() == {
        "identities": 3,
        "images": 6,
        "genuine_pairs": 4,
        "impostor_pairs": 11,
    }


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]], ids=["all genuine", "all impostor"])
def test_one_kind_of_pair_alone_is_refused(labels):
    with pytest.raises(DataError, match="both"):
        all_pairs(EMBEDDINGS[:3], np.array(labels), Metric.L2)


def test_more_images_than_can_be_compared_are_refused(monkeypatch):
    monkeypatch.setattr(pairs, "MAX_IMAGES", 5)
    with pytest.raises(DataError, match="at most 5"):
        all_pairs(EMBEDDINGS, LABELS, Metric.L2)


def test_pooled_pairs_are_those_of_all_and_keep_their_subjects_apart(scattered):
    parts = [scattered(subjects=5, seed=1), scattered(subjects=7, seed=2)]
    pooled = pairs.pool(parts)
    assert pooled.subjects == 12
    for kind in ("genuine", "impostor"):
        expected = np.sort(np.concatenate([getattr(part, kind) for part in parts]))
        np.testing.assert_array_equal(getattr(pooled, kind), expected)
    second = np.isin(pooled.genuine, parts[1].genuine)
    assert set(pooled.genuine_subject[second]) == set(range(5, 12))
    assert set(pooled.genuine_subject[~second]) == set(range(5))
    one_side = pooled.impostor_subjects < 5
    assert (one_side[:, 0] == one_side[:, 1]).all()


def test_of_listed_pairs_only_those_are_compared():
    listed = np.array([[0, 2], [4, 1], [5, 3], [3, 1], [2, 5]])
    found = all_pairs(EMBEDDINGS, LABELS, Metric.L2, listed)
    whole = all_pairs(EMBEDDINGS, LABELS, Metric.L2)
    distances = {(i, j): np.linalg.norm(EMBEDDINGS[i] - EMBEDDINGS[j]) for i, j in listed.tolist()}
    genuine = sorted(d for (i, j), d in distances.items() if LABELS[i] == LABELS[j])
    impostor = sorted(d for (i, j), d in distances.items() if LABELS[i] != LABELS[j])
    np.testing.assert_allclose(found.genuine, genuine, rtol=1e-5)
    np.testing.assert_allclose(found.impostor, impostor, rtol=1e-5)
    assert (found.images, found.subjects) == (whole.images, whole.subjects)


def test_an_empty_list_has_no_pair_to_measure():
    with pytest.raises(DataError, match="both"):
        all_pairs(EMBEDDINGS, LABELS, Metric.L2, np.empty((0, 2), np.int64))
