import math

import pytest
import torch

from training.losses.cosface import build

DIM, IDENTITIES = 6, 4


def by_hand(embeddings, identities, prototypes, margin, scale):
    """Equation 4 of the paper, image by image."""
    losses = []
    for x, y in zip(embeddings.tolist(), identities.tolist(), strict=True):
        cosines = [
            sum(a * b for a, b in zip(x, w, strict=True)) / (math.hypot(*x) * math.hypot(*w))
            for w in prototypes.T.tolist()
        ]
        own = math.exp(scale * (cosines[y] - margin))
        others = sum(math.exp(scale * c) for j, c in enumerate(cosines) if j != y)
        losses.append(-math.log(own / (own + others)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize(("margin", "scale"), [(0.0, 1.0), (0.1, 20.0), (0.35, 24.0)])
def test_the_loss_is_equation_4(margin, scale):
    torch.manual_seed(1)
    loss = build(DIM, IDENTITIES, margin=margin, scale=scale)
    embeddings = torch.randn(9, DIM)
    identities = torch.arange(9) % IDENTITIES
    (prototypes,) = (p.detach() for p in loss.parameters())
    expected = by_hand(embeddings, identities, prototypes, margin, scale)
    assert loss(embeddings, identities).item() == pytest.approx(expected, rel=1e-4)


def test_there_is_a_prototype_for_each_identity():
    (prototypes,) = build(DIM, IDENTITIES).parameters()
    assert sorted(prototypes.shape) == [IDENTITIES, DIM]
    assert prototypes.requires_grad


def test_a_margin_makes_the_same_embeddings_cost_more():
    embeddings, identities = torch.randn(8, DIM), torch.arange(8) % IDENTITIES
    costs = []
    for margin in (0.0, 0.2, 0.4):
        torch.manual_seed(2)
        costs.append(build(DIM, IDENTITIES, margin=margin)(embeddings, identities).item())
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


@pytest.mark.parametrize("options", [{"margin": -0.1}, {"scale": 0}, {"scale": -3}], ids=str)
def test_settings_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match="margin"):
        build(DIM, IDENTITIES, **options)
