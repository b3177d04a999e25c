import numpy as np
import pytest
import torch

from training.losses import arcface, cosface, triplet
from training.losses._prototypes import has_prototypes, imprint

IDENTITIES = torch.arange(6).repeat_interleave(4)


def clustered(seed=0):
    """Unit embeddings of six identities, (24, 16)."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((6, 16))[IDENTITIES] + 0.3 * rng.standard_normal((24, 16))
    return torch.nn.functional.normalize(torch.from_numpy(points).float(), dim=1)


@pytest.mark.parametrize("build", [cosface.build, arcface.build])
def test_each_prototype_points_to_the_mean_of_its_identity_and_keeps_its_length(build):
    torch.manual_seed(0)
    loss, embeddings = build(dim=16, identities=6), clustered()
    lengths = loss.W.detach().norm(dim=0)
    before = loss(embeddings, IDENTITIES).item()
    imprint(loss, embeddings, IDENTITIES)
    for identity in range(6):
        mean = embeddings[identity == IDENTITIES].mean(dim=0)
        prototype = loss.W.detach()[:, identity]
        cosine = torch.nn.functional.cosine_similarity(mean, prototype, dim=0)
        assert cosine.item() == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(loss.W.detach().norm(dim=0), lengths)
    assert loss(embeddings, IDENTITIES).item() < 0.2 * before
    assert loss.W.requires_grad


def test_a_loss_without_prototypes_is_left_alone():
    loss = triplet.build()
    assert not has_prototypes(loss)
    imprint(loss, clustered(), IDENTITIES)
