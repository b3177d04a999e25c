import numpy as np
import pytest

from tests.training.synthetic import image_set
from training.errors import DataError
from training.evaluation.protocols.few_shot import build
from training.metrics.identity_error import error_over_identities

TEST = [f"t{i}" for i in range(7)]
IMAGES = image_set({f"s{i}": 3 for i in range(4)} | dict.fromkeys(TEST, 6))


class Clouds:
    """Embeddings around a centre for each identity, in the order of the images."""

    def __init__(self, spread):
        rng = np.random.default_rng(2)
        centres = rng.standard_normal((len(TEST), 4)).repeat(6, axis=0)
        self.embeddings = (centres + spread * rng.standard_normal(centres.shape)).astype("f4")

    def embed(self, images):
        assert len(images) == len(self.embeddings)
        return self.embeddings


def by_hand(embeddings, options, seed):
    """The protocol episode by episode, drawn in the same order from the same generator."""
    ways, shots, queries, episodes, mean = options
    rng = np.random.default_rng(seed)
    answers = []
    for _ in range(episodes):
        chosen = rng.choice(7, ways, replace=False)
        drawn = [rng.choice(np.arange(6) + 6 * i, shots + queries, replace=False) for i in chosen]
        for own, images in enumerate(drawn):
            for asked in images[shots:]:
                distances = []
                for others in drawn:
                    enrolled = embeddings[others[:shots]]
                    enrolled = [enrolled.mean(axis=0)] if mean else enrolled
                    distances.append(min(np.linalg.norm(embeddings[asked] - e) for e in enrolled))
                answers.append((chosen[own], chosen[int(np.argmin(distances))]))
    right = [asked == answered for asked, answered in answers]
    return np.mean(right), error_over_identities(np.array(right), *np.array(answers).T)


@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize(("ways", "shots"), [(2, 1), (5, 1), (5, 3)])
def test_the_figure_is_the_protocol_by_hand(system_of, ways, shots, mean):
    encoder = Clouds(spread=0.8)
    protocol = build(
        ways=ways,
        shots=shots,
        queries=2,
        episodes=20,
        enrolled="mean" if mean else "nearest",
        seed=9,
    )
    (figure,) = protocol(system_of(IMAGES, TEST, encoder=encoder))
    expected = by_hand(encoder.embeddings, (ways, shots, 2, 20, mean), 9)
    assert (figure.value, figure.standard_error) == pytest.approx(expected)
    assert figure.standard_error_over == "identities"
    assert 1 / ways < figure.value < 1
    assert figure.trials == 20 * ways * 2


def test_the_name_says_ways_shots_and_of_what():
    assert build(of="unseen digits", ways=2).name == "2-way 1-shot accuracy, unseen digits"
    assert "by the mean embedding" in build(enrolled="mean").name


def test_with_quarter_turns_a_turned_image_is_another_identitys(system_of):
    class Counting:
        def embed(self, images):
            assert len(images) == 4 * 6 * len(TEST)
            return images.reshape(len(images), -1).astype(np.float32)

    protocol = build(ways=4 * len(TEST), queries=1, episodes=2, quarter_turns=True)
    (figure,) = protocol(system_of(IMAGES, TEST, encoder=Counting()))
    assert figure.value > 0.9


def test_too_few_identities_with_enough_images_are_an_error(system_of):
    with pytest.raises(DataError, match="7 test identities have 6 images, and 8 are needed"):
        build(ways=8, queries=5)(system_of(IMAGES, TEST, encoder=Clouds(0.1)))
    with pytest.raises(DataError, match="0 test identities have 7 images"):
        build(ways=2, queries=6)(system_of(IMAGES, TEST, encoder=Clouds(0.1)))


@pytest.mark.parametrize(
    "options",
    [{"ways": 1}, {"shots": 0}, {"queries": 0}, {"episodes": 1}, {"enrolled": "all"}],
    ids=str,
)
def test_an_episode_that_is_none_is_refused(options):
    with pytest.raises(ValueError, match=r"at least 2 ways|must lie between|must be nearest"):
        build(**options)
