import numpy as np
import pytest

from tests.training.synthetic import image_set
from training.evaluation.protocols.verification import build

TEST = [f"t{i}" for i in range(8)]
IMAGES = image_set({f"s{i}": 3 for i in range(4)} | dict.fromkeys(TEST, 5))


class Noise:
    def embed(self, images):
        return np.random.default_rng(1).standard_normal((len(images), 3)).astype(np.float32)


def test_embeddings_that_tell_identities_apart_decide_rightly(system_of):
    (figure,) = build(pairs=200)(system_of(IMAGES, TEST))
    assert figure.value > 0.97
    assert figure.trials == 200


def test_embeddings_of_noise_decide_by_chance(system_of):
    (figure,) = build(pairs=2000)(system_of(IMAGES, TEST, encoder=Noise()))
    assert figure.value == pytest.approx(0.5, abs=0.06)
    assert figure.standard_error > 0


def test_only_test_identities_are_embedded(system_of):
    class Counting(Noise):
        def embed(self, images):
            assert len(images) == 5 * len(TEST)
            return super().embed(images)

    build(pairs=20)(system_of(IMAGES, TEST, encoder=Counting()))


def test_a_seed_gives_the_same_pairs(system_of):
    system = system_of(IMAGES, TEST, encoder=Noise())
    assert build(pairs=300, seed=4)(system) == build(pairs=300, seed=4)(system)
    assert build(pairs=300, seed=4)(system) != build(pairs=300, seed=5)(system)


@pytest.mark.parametrize("pairs", [0, 18, 33, 1_000_002])
def test_the_number_of_pairs_is_bounded(pairs):
    with pytest.raises(ValueError, match="even number from 20"):
        build(pairs=pairs)
