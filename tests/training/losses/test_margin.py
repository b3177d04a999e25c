import math
from itertools import combinations

import pytest
import torch

from training.losses.margin import build

MARGIN = 1.5


def of_pair(left, right, *, genuine):
    """Equation 4 of the paper."""
    energy = math.dist(left.tolist(), right.tolist())
    return energy**2 / 2 if genuine else max(0, MARGIN - energy) ** 2 / 2


def drawn(seed, images=10):
    generator = torch.Generator().manual_seed(seed)
    embeddings = 0.5 * torch.randn(images, 4, generator=generator, dtype=torch.float64)
    return embeddings, torch.randint(0, 3, (images,), generator=generator)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_equation_4(seed):
    x, y = drawn(seed)
    expected = [of_pair(x[k], x[k + 1], genuine=y[k] == y[k + 1]) for k in range(0, 10, 2)]
    assert build(MARGIN)(x, y).item() == pytest.approx(sum(expected) / 5)


@pytest.mark.parametrize("seed", range(4))
def test_of_all_pairs_genuine_and_impostor_ones_weigh_alike(seed):
    x, y = drawn(seed)
    parts = {True: [], False: []}
    for i, j in combinations(range(10), 2):
        genuine = bool(y[i] == y[j])
        parts[genuine].append(of_pair(x[i], x[j], genuine=genuine))
    expected = sum(sum(part) / len(part) for part in parts.values()) / 2
    assert build(MARGIN, pairs="all")(x, y).item() == pytest.approx(expected)


def gradient(identities, distance):
    embeddings = torch.tensor([[0.0, 0.0], [distance, 0.0]], requires_grad=True)
    build(MARGIN)(embeddings, torch.tensor(identities)).backward()
    return embeddings.grad[:, 0].tolist()


def test_a_genuine_pair_is_pulled_by_its_distance():
    assert gradient([7, 7], 0.4) == pytest.approx([-0.4, 0.4])


def test_an_impostor_pair_is_pushed_by_what_it_lacks_of_the_margin():
    assert gradient([7, 8], 0.4) == pytest.approx([1.1, -1.1])


def test_an_impostor_pair_beyond_the_margin_is_left_alone():
    assert gradient([7, 8], 1.6) == [0, 0]


@pytest.mark.parametrize("identities", [[1, 1], [1, 2]])
def test_two_equal_embeddings_have_a_gradient(identities):
    assert all(map(math.isfinite, gradient(identities, 0.0)))


@pytest.mark.parametrize("identities", [[1, 1, 1, 1], [1, 2, 3, 4]])
def test_a_batch_of_one_kind_of_pairs_has_a_loss(identities):
    x, _ = drawn(0, 4)
    assert build(MARGIN, pairs="all")(x, torch.tensor(identities)).item() > 0


@pytest.mark.parametrize(
    "options", [{"margin": 0}, {"margin": float("nan")}, {"pairs": "some"}], ids=str
)
def test_settings_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match=r"margin|pairs"):
        build(**options)
