import math

import numpy as np
import pytest

from model.manifest import Aspect, InputSpec, Metric
from tests.training import synthetic
from training.data.split import IdentitySplit, ImageSplit
from training.errors import ConfigError, DataError
from training.evaluation.protocols.asymmetric_knn import asymmetric, build, scales
from training.evaluation.system import SystemUnderTest
from training.inference.binary_codes import pack
from training.inference.comparer import EmbeddingComparer

BITS = 16
SPEC = InputSpec(width=24, height=24, channels=1, aspect=Aspect.STRETCH)
NAME = "kNN error by asymmetric Hamming distance, k = "


def activations(images=40, seed=0):
    """Of bits that are unlike each other in size."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((images, BITS)) * np.linspace(0.1, 9, BITS)).astype(np.float32)


def by_hand(code, v, s):
    """¼ ‖h - tanh(Diag(s) v)‖², bit by bit."""
    total = 0.0
    for bit in range(BITS):
        h = 1 if code[bit // 8] & (128 >> bit % 8) else -1
        total += (h - math.tanh(s[bit] * v[bit])) ** 2
    return total / 4


def test_the_distance_is_the_papers():
    known, asked = activations(), activations(9, seed=1)
    packed, s = pack(known), np.linspace(0.05, 2, BITS).astype(np.float32)
    answer = asymmetric(packed, s)(asked)
    expected = [[by_hand(code, v, s) for code in packed.tolist()] for v in asked.tolist()]
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)


def test_with_endless_slopes_it_is_the_hamming_distance():
    known, asked = activations(), activations(9, seed=1)
    answer = asymmetric(pack(known), np.full(BITS, 1e6, np.float32))(asked)
    differing = np.unpackbits(pack(asked)[:, None] ^ pack(known)[None], axis=2).sum(axis=2)
    np.testing.assert_array_equal(answer, differing)


def test_images_that_share_a_code_are_equally_near_to_the_last_digit():
    rng = np.random.default_rng(3)
    few = rng.integers(0, 256, (7, 2), dtype=np.uint8)
    which = rng.integers(7, size=1001)
    answer = asymmetric(few[which], np.full(BITS, 0.3, np.float32))(activations(20))
    for code in range(7):
        assert (np.ptp(answer[:, which == code], axis=1) == 0).all()


def test_each_bit_is_scaled_to_the_slope_on_average():
    f = activations()
    f[:, 4] = 0
    s = scales(f, 0.25)
    assert np.isfinite(s).all()
    means = np.abs(f * s).mean(axis=0)
    np.testing.assert_allclose(np.delete(means, 4), 0.25, rtol=1e-5)
    assert s[4] == 0


class Rows:
    """A graph whose activations are of the first pixels, folded so that it errs."""

    def embed(self, images):
        return images.reshape(len(images), -1)[:, :BITS].astype(np.float32) % 90 - 45


class Codes(Rows):
    def embed(self, images):
        return pack(super().embed(images))


def system(split, images, activations_too=True):
    rows = Rows().embed if activations_too else None
    metric = Metric.HAMMING if activations_too else Metric.L2
    comparer = EmbeddingComparer(Codes().embed, metric)
    return SystemUnderTest(comparer, SPEC, images, split, activations=rows)


def test_test_images_are_asked_with_their_activations_and_training_images_answer_in_bits():
    images = synthetic.image_set(dict.fromkeys("abcd", 9))
    train = [f"{name}/{k}.png" for name in "abcd" for k in range(5)]
    test = [f"{name}/{k}.png" for name in "bcd" for k in range(6, 9)]
    measured = system(ImageSplit(tuple(train), ("a/5.png",), tuple(test)), images)
    (figure,) = build(k=1, slope=0.5)(measured)
    known, names = measured.embed_unpacked(images.only(train))
    s = 0.5 / np.abs(known).mean(axis=0)
    wrong = 0
    for name in test:
        (asked,), _ = measured.embed_unpacked(images.only([name]))
        energies = [by_hand(code, asked.tolist(), s) for code in pack(known).tolist()]
        near = np.isclose(energies, min(energies), rtol=1e-9)
        votes = np.bincount(names[near], minlength=4) + 0.5 * (
            np.arange(4) == names[np.argmax(near)]
        )
        wrong += "abcd"[int(votes.argmax())] != name[0]
    assert 0 < wrong < 9
    assert (figure.name, figure.value, figure.trials) == (f"{NAME}1", wrong / 9, 9)


def test_a_system_without_codes_is_refused():
    images = synthetic.image_set(dict.fromkeys("ab", 3))
    split = ImageSplit(("a/0.png", "b/0.png"), (), ("a/1.png", "b/1.png"))
    with pytest.raises(ConfigError, match="metric hamming, and this system's is l2"):
        build(k=1)(system(split, images, activations_too=False))


def test_a_split_by_identity_has_nobody_to_find():
    images = synthetic.image_set(dict.fromkeys("abcdef", 2))
    split = IdentitySplit(("a", "b"), ("c", "d"), ("e", "f"))
    with pytest.raises(DataError, match="closed set"):
        build()(system(split, images))


@pytest.mark.parametrize("slope", [0, -1, float("nan")])
def test_a_slope_that_is_not_positive_is_refused(slope):
    with pytest.raises(ValueError, match="positive"):
        build(slope=slope)
