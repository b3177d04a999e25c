import numpy as np
import pytest
import torch

from training.losses.supcon import build


def by_hand(embeddings, identities, temperature):
    """Equation 2 of the paper, image by image."""
    z = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    losses = []
    for i in range(len(z)):
        others = [a for a in range(len(z)) if a != i]
        genuine = [a for a in others if identities[a] == identities[i]]
        if not genuine:
            continue
        total = sum(np.exp(z[i] @ z[a] / temperature) for a in others)
        logs = [np.log(np.exp(z[i] @ z[p] / temperature) / total) for p in genuine]
        losses.append(-sum(logs) / len(genuine))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("temperature", [0.07, 0.1, 1.0])
@pytest.mark.parametrize(
    "identities",
    [[0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 0, 1, 1, 1, 1, 2, 2, 3]],
    ids=["alike many", "one alone"],
)
def test_the_loss_is_equation_2(identities, temperature):
    embeddings = np.random.default_rng(3).standard_normal((9, 5))
    loss = build(temperature)(torch.from_numpy(embeddings), torch.tensor(identities))
    assert loss.item() == pytest.approx(by_hand(embeddings, identities, temperature), rel=1e-6)


def test_images_of_an_identity_that_lie_together_cost_less():
    identities = torch.tensor([0, 0, 1, 1])
    together = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    apart = together[[0, 2, 1, 3]]
    assert build()(together, identities) < build()(apart, identities)


@pytest.mark.parametrize("temperature", [0, -0.1])
def test_a_temperature_is_positive(temperature):
    with pytest.raises(ValueError, match="positive"):
        build(temperature)
