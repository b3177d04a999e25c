import math

import pytest
import torch

from training.losses.arcface import build

DIM, IDENTITIES = 6, 4


def by_hand(embeddings, identities, prototypes, margin, scale):
    """Equation 3 of the paper, image by image."""
    losses = []
    for x, y in zip(embeddings.tolist(), identities.tolist(), strict=True):
        cosines = [
            sum(a * b for a, b in zip(x, w, strict=True)) / (math.hypot(*x) * math.hypot(*w))
            for w in prototypes.T.tolist()
        ]
        angle = math.acos(cosines[y]) + margin
        led = math.cos(angle) if angle <= math.pi else cosines[y] - margin * math.sin(margin)
        own = math.exp(scale * led)
        others = sum(math.exp(scale * c) for j, c in enumerate(cosines) if j != y)
        losses.append(-math.log(own / (own + others)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize(("margin", "scale"), [(0.0, 1.0), (0.3, 20.0), (1.5, 12.0)])
def test_the_loss_is_equation_3(margin, scale):
    torch.manual_seed(1)
    loss = build(DIM, IDENTITIES, margin=margin, scale=scale)
    embeddings = torch.randn(12, DIM)
    identities = torch.arange(12) % IDENTITIES
    (prototypes,) = (p.detach() for p in loss.parameters())
    expected = by_hand(embeddings, identities, prototypes, margin, scale)
    assert loss(embeddings, identities).item() == pytest.approx(expected, rel=1e-3)


def test_past_a_half_turn_the_loss_goes_on_rising():
    loss = build(2, 2, margin=1.0, scale=4.0)
    with torch.no_grad():
        loss.W.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    angles = [2.0, 2.3, 2.6, 2.9, 3.1]
    costs = [
        loss(torch.tensor([[math.cos(a), -math.sin(a)]]), torch.tensor([0])).item() for a in angles
    ]
    assert costs == sorted(costs)


def test_there_is_a_prototype_for_each_identity():
    (prototypes,) = build(DIM, IDENTITIES).parameters()
    assert sorted(prototypes.shape) == [IDENTITIES, DIM]
    assert prototypes.requires_grad


@pytest.mark.parametrize("options", [{"margin": -0.1}, {"margin": 1.6}, {"scale": 0}], ids=str)
def test_settings_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match="radians"):
        build(DIM, IDENTITIES, **options)
