import numpy as np
import pytest
import torch

from training.losses.triplet import MININGS, build

IDENTITIES = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]


def triplets(energies, identities, margin, mining):
    """Energies (genuine, impostor) of the mined triplets, by the papers' words."""
    images = range(len(identities))
    for a in images:
        genuine = [energies[a, p] for p in images if p != a and identities[p] == identities[a]]
        impostor = [energies[a, n] for n in images if identities[n] != identities[a]]
        if mining == "batch_hard" and genuine:
            yield max(genuine), min(impostor)
        elif mining != "batch_hard":
            for pull in genuine:
                for push in impostor:
                    if push - pull <= margin and (mining == "all" or push > pull):
                        yield pull, push


def by_hand(embeddings, identities, margin, mining):
    energies = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    mined = triplets(energies, identities, margin, mining)
    costs = [max(0.0, pull - push + margin) for pull, push in mined]
    positive = [cost for cost in costs if cost > 0]
    return sum(positive) / len(positive)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("margin", [0.2, 1.0])
@pytest.mark.parametrize("mining", MININGS)
def test_the_loss_is_equation_1_over_the_mined_triplets(mining, margin, seed):
    embeddings = np.random.default_rng(seed).standard_normal((10, 4))
    loss = build(margin, mining)(torch.from_numpy(embeddings), torch.tensor(IDENTITIES))
    assert loss.item() == pytest.approx(by_hand(embeddings, IDENTITIES, margin, mining), rel=1e-6)


@pytest.mark.parametrize("mining", MININGS)
def test_identities_that_are_a_margin_apart_cost_nothing_and_give_a_gradient_of_zero(mining):
    apart = (torch.eye(4).repeat_interleave(2, dim=0)).requires_grad_()
    loss = build(0.5, mining)(apart, torch.arange(4).repeat_interleave(2))
    loss.backward()
    assert loss.item() == 0
    assert apart.grad is not None
    assert apart.grad.abs().sum() == 0


def test_a_margin_is_positive():
    with pytest.raises(ValueError, match="positive"):
        build(margin=0)


def test_an_unknown_mining_is_an_error_that_lists_those_that_exist():
    with pytest.raises(ValueError, match="all, semihard, batch_hard"):
        build(mining="softhard")
