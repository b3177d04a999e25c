import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from model.manifest import Aspect, InputSpec, Metric
from model.scoring import energy
from tests.training import synthetic
from training.data.split import IdentitySplit, ImageSplit
from training.errors import DataError
from training.evaluation.protocols import knn
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import EmbeddingComparer

SPEC = InputSpec(width=24, height=24, channels=1, aspect=Aspect.STRETCH)
SKLEARN = {Metric.L1: "manhattan", Metric.L2: "euclidean"}


def embeddings(images=300, dim=6, seed=0, classes=2):
    """Overlapping clusters, so that neighbours disagree."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=images)
    return (rng.standard_normal((images, dim)) + labels[:, None]).astype(np.float32), labels


@pytest.mark.parametrize(("k", "classes"), [(1, 5), (3, 2), (7, 2)])
@pytest.mark.parametrize("metric", SKLEARN)
def test_real_embeddings_are_named_as_scikit_learn_does(metric, k, classes, monkeypatch):
    monkeypatch.setattr(knn, "_BLOCK_VALUES", 2500)  # Several blocks, the last one not full.
    known, labels = embeddings(classes=classes)
    asked, truth = embeddings(101, seed=1, classes=classes)
    reference = KNeighborsClassifier(k, metric=SKLEARN[metric], algorithm="brute")
    expected = reference.fit(known, labels).predict(asked)
    answer = knn.classify(metric, known, labels, asked, k)
    np.testing.assert_array_equal(answer, expected)
    assert 0 < np.mean(answer != truth) < 0.7


def by_hand(known, names, asked, k):
    """Every code compared with every other; all that are as near as the k-th vote."""
    named = []
    for code in asked:
        distances = energy(Metric.HAMMING, known, code)
        votes = np.bincount(names[distances <= np.sort(distances)[k - 1]], minlength=names.max())
        most = np.flatnonzero(votes == votes.max())
        nearest = names[np.argmin(distances)]
        named.append(nearest if nearest in most else most[0])
    return np.array(named)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_codes_are_named_by_all_that_are_as_near_as_the_kth(k):
    rng = np.random.default_rng(k)
    known = rng.integers(0, 256, (200, 1), dtype=np.uint8)  # Eight bits: full of ties.
    names = rng.integers(4, size=200)
    asked = rng.integers(0, 256, (150, 1), dtype=np.uint8)
    answer = knn.classify(Metric.HAMMING, known, names, asked, k)
    np.testing.assert_array_equal(answer, by_hand(known, names, asked, k))


def test_the_order_of_the_gallery_decides_nothing_but_ties_of_the_very_nearest():
    rng = np.random.default_rng(9)
    known = rng.integers(0, 256, (101, 2), dtype=np.uint8)
    names = rng.integers(2, size=101)
    asked = rng.integers(0, 256, (50, 2), dtype=np.uint8)
    order = rng.permutation(101)
    answers = [
        knn.classify(Metric.HAMMING, gallery, of, asked, 101)  # All vote, and they are odd.
        for gallery, of in ((known, names), (known[order], names[order]))
    ]
    np.testing.assert_array_equal(*answers)


def test_fewer_images_than_neighbours_are_an_error():
    known, labels = embeddings(3)
    with pytest.raises(DataError, match="5 neighbours"):
        knn.classify(Metric.L2, known, labels, known, 5)


class Pixels:
    """An encoder whose embedding is the image's mean brightness."""

    def embed(self, images):
        return images.reshape(len(images), -1).mean(axis=1, keepdims=True).astype(np.float32)


def system(split, images):
    comparer = EmbeddingComparer(Pixels().embed, Metric.L2)
    return SystemUnderTest(comparer, SPEC, images, split)


def test_test_images_are_asked_and_training_images_answer():
    images = synthetic.image_set({"a": 6, "b": 6, "c": 6})
    train = [f"{name}/{k}.png" for name in "abc" for k in range(3)]
    test = [f"{name}/{k}.png" for name in "bc" for k in range(4, 6)]  # Nobody asks for "a".
    split = ImageSplit(tuple(train), ("a/3.png", "b/3.png"), tuple(test))
    measured = system(split, images)
    (figure,) = knn.build(k=1)(measured)
    known, names = measured.embed(images.only(train))
    wrong = 0
    for name in test:
        asked, _ = measured.embed(images.only([name]))
        nearest = np.abs(known - asked).sum(axis=1).argmin()
        wrong += "abc"[names[nearest]] != name[0]
    assert figure.value == wrong / 4
    assert (figure.name, figure.trials) == ("kNN error, k = 1", 4)
    assert figure.standard_error == pytest.approx(np.sqrt(figure.value * (1 - figure.value) / 4))


def test_a_split_by_identity_has_nobody_to_find():
    images = synthetic.image_set(dict.fromkeys("abcdef", 2))
    split = IdentitySplit(("a", "b"), ("c", "d"), ("e", "f"))
    with pytest.raises(DataError, match="closed set"):
        knn.build()(system(split, images))


@pytest.mark.parametrize("k", [0, -1])
def test_a_vote_of_nobody_is_refused(k):
    with pytest.raises(ValueError, match="at least 1"):
        knn.build(k=k)
