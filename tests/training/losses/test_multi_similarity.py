import numpy as np
import pytest
import torch

from training.losses.multi_similarity import build

IDENTITIES = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]


def by_hand(embeddings, identities, settings):
    """Equations 7, 8 and 10 of the paper, image by image."""
    alpha, beta, base, epsilon = settings
    z = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    total = 0.0
    for i in range(len(z)):
        genuine = [z[i] @ z[j] for j in range(len(z)) if j != i and identities[j] == identities[i]]
        impostor = [z[i] @ z[j] for j in range(len(z)) if identities[j] != identities[i]]
        if not genuine:
            continue
        hard_genuine = [s for s in genuine if s < max(impostor) + epsilon]
        hard_impostor = [s for s in impostor if s > min(genuine) - epsilon]
        total += np.log1p(sum(np.exp(-alpha * (s - base)) for s in hard_genuine)) / alpha
        total += np.log1p(sum(np.exp(beta * (s - base)) for s in hard_impostor)) / beta
    return total / len(z)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("settings", [(2, 50, 0.5, 0.1), (1, 10, 0.2, 0.0), (3, 5, 0.8, 0.4)])
def test_the_loss_is_equation_10_over_the_mined_pairs(settings, seed):
    embeddings = np.random.default_rng(seed).standard_normal((10, 4))
    loss = build(*settings)(torch.from_numpy(embeddings), torch.tensor(IDENTITIES))
    assert loss.item() == pytest.approx(by_hand(embeddings, IDENTITIES, settings), rel=1e-6)


def test_pairs_that_are_far_from_wrong_cost_nothing():
    apart = torch.eye(4).repeat_interleave(2, dim=0)
    loss = build()(apart, torch.arange(4).repeat_interleave(2))
    assert loss.item() == 0


@pytest.mark.parametrize("options", [{"alpha": 0}, {"beta": -1}, {"base": 2}], ids=str)
def test_settings_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match="must be positive, and base"):
        build(**options)
