import numpy as np
import pytest
import torch

from model.manifest import Aspect, InputSpec
from training.networks.mlp import build

SPEC = InputSpec(width=5, height=4, channels=1, aspect=Aspect.STRETCH)


def test_the_layers_are_those_of_the_paper():
    network = build(InputSpec(width=28, height=28, channels=1, aspect=Aspect.STRETCH))
    shapes = [tuple(p.shape) for p in network.parameters()]
    assert shapes == [(512, 784), (512,), (64, 512), (64,)]
    assert network.dim == 64


def test_it_computes_what_the_formula_says():
    torch.manual_seed(0)
    network = build(SPEC, hidden=(6, 7), dim=3)
    images = torch.rand(2, 1, 4, 5)
    weights = [p.detach().numpy() for p in network.parameters()]
    x = images.numpy().reshape(2, -1)
    for layer in range(3):
        x = x @ weights[2 * layer].T + weights[2 * layer + 1]
        x = np.maximum(x, 0) if layer < 2 else x
    with torch.no_grad():
        np.testing.assert_allclose(network(images).numpy(), x, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [{"dim": 0}, {"hidden": (0,)}])
def test_a_layer_without_units_is_refused(options):
    with pytest.raises(ValueError, match="at least one unit"):
        build(SPEC, **options)


def test_normalised_activations_have_balanced_signs_from_the_start():
    torch.manual_seed(0)
    images = torch.rand(200, 1, 4, 5) + 5
    set_share = [
        (build(SPEC, dim=16, spread=spread)(images) > 0).float().mean(dim=0)
        for spread in (None, 2.0)
    ]
    assert (set_share[0] - 0.5).abs().mean() > 0.4
    assert (set_share[1] - 0.5).abs().max() < 0.2


def test_activations_begin_with_the_spread_that_is_asked_for():
    images = torch.rand(500, 1, 4, 5)
    spread = build(SPEC, dim=8, spread=2.5)(images).std(dim=0)
    torch.testing.assert_close(spread, torch.full((8,), 2.5), atol=0.05, rtol=0)


@pytest.mark.parametrize("spread", [0, -1.0])
def test_a_spread_that_is_not_positive_is_refused(spread):
    with pytest.raises(ValueError, match="spread"):
        build(SPEC, spread=spread)
