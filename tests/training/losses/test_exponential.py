import math

import pytest
import torch

from training import registry
from training.config.named import load_config
from training.config.overrides import override
from training.losses.exponential import build
from training.registry import Part

Q = 100.0


def by_hand(embeddings, identities):
    """Equation 8 of the paper, pair by pair."""
    losses = []
    for k in range(0, len(embeddings), 2):
        left, right = embeddings[k].tolist(), embeddings[k + 1].tolist()
        e = sum(abs(a - b) for a, b in zip(left, right, strict=True))
        y = int(identities[k] != identities[k + 1])
        losses.append((1 - y) * 2 / Q * e**2 + y * 2 * Q * math.exp(-2.77 / Q * e))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_equation_8(seed):
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.rand(12, 50, generator=generator, dtype=torch.float64) * 2 - 1
    identities = torch.randint(0, 2, (12,), generator=generator)
    answer = build(Q)(embeddings, identities).item()
    assert answer == pytest.approx(by_hand(embeddings, identities))


def gradient(identities, distance):
    embeddings = torch.tensor([[0.0], [distance]], requires_grad=True)
    build(Q)(embeddings, torch.tensor(identities)).backward()
    return embeddings.grad[:, 0].tolist()


def test_a_genuine_pair_is_pulled_together():
    left, right = gradient([7, 7], 3.0)
    # Descending moves the left one up and the right one down, by 4 E / Q.
    assert (left, right) == pytest.approx((-4 * 3 / Q, 4 * 3 / Q))


def test_an_impostor_pair_is_pushed_apart():
    left, right = gradient([7, 8], 3.0)
    push = 2 * 2.77 * math.exp(-2.77 / Q * 3)
    assert (left, right) == pytest.approx((push, -push))


def test_a_distant_impostor_is_pushed_less_than_a_near_one():
    assert abs(gradient([1, 2], 50.0)[0]) < abs(gradient([1, 2], 5.0)[0])


def test_an_impostor_pair_at_the_bound_is_all_but_left_alone():
    loss = build(Q)(torch.tensor([[0.0], [Q]]), torch.tensor([1, 2])).item()
    assert loss == pytest.approx(2 * Q * math.exp(-2.77))


@pytest.mark.parametrize("q", [0, -1, float("nan")])
def test_a_bound_that_is_not_positive_is_refused(q):
    with pytest.raises(ValueError, match="positive"):
        build(q)


def hinge_by_hand(embeddings, identities):
    """(2 / Q) E² for genuine and (2 / Q) max(0, Q - E)² for impostor pairs, pair by pair."""
    losses = []
    for k in range(0, len(embeddings), 2):
        left, right = embeddings[k].tolist(), embeddings[k + 1].tolist()
        e = sum(abs(a - b) for a, b in zip(left, right, strict=True))
        lacking = max(0, Q - e) if identities[k] != identities[k + 1] else e
        losses.append(2 / Q * lacking**2)
    return sum(losses) / len(losses)


@pytest.mark.parametrize("width", [1.0, 6.0])
def test_a_hinge_can_stand_in_place_of_the_exponential(width):
    generator = torch.Generator().manual_seed(3)
    embeddings = width * (torch.rand(12, 50, generator=generator, dtype=torch.float64) * 2 - 1)
    identities = torch.randint(0, 2, (12,), generator=generator)
    answer = build(Q, impostors="hinge")(embeddings, identities).item()
    assert answer == pytest.approx(hinge_by_hand(embeddings, identities))


def test_the_hinge_pushes_as_hard_as_the_exponential_costs_at_no_energy():
    together = torch.zeros(2, 1), torch.tensor([1, 2])
    assert build(Q, impostors="hinge")(*together).item() == build(Q)(*together).item() == 2 * Q


def test_the_hinge_leaves_an_impostor_pair_beyond_the_bound_alone():
    embeddings = torch.tensor([[0.0], [Q + 1]], requires_grad=True)
    loss = build(Q, impostors="hinge")(embeddings, torch.tensor([1, 2]))
    loss.backward()
    assert loss.item() == 0
    assert (embeddings.grad == 0).all()


def test_another_push_is_refused():
    with pytest.raises(ValueError, match="hinge"):
        build(Q, impostors="square")


def test_the_hinge_is_a_switch_of_the_2005_system():
    config = override(load_config("att_chopra"), ["loss.options.impostors=hinge"])
    loss = registry.build(Part.LOSS, config.loss)
    assert (loss.q, loss.impostors) == (load_config("att_chopra").loss.options["q"], "hinge")
