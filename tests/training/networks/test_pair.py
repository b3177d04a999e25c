"""The four networks of pairs, under one budget."""

import importlib

import numpy as np
import pytest
import torch
from torch import nn

from model.manifest import Aspect, InputSpec
from training.networks import _pair
from training.registry import Component, Part, build
from training.serving_graph.normalise import ServedPair

NAMES = ["two_channel", "two_channel_two_stream", "siam", "pseudo_siam"]
BUDGET = 125_000
MOST_MULTIPLICATIONS = 5_000_000


def spec(side=32, channels=1):
    return InputSpec(width=side, height=side, channels=channels, aspect=Aspect.CROP)


def network(name, **options):
    torch.manual_seed(0)
    return build(Part.NETWORK, Component(name=name, options=options), spec=spec()).eval()


def images(count=4, side=32, channels=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(count, channels, side, side, generator=generator) - 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("side", "channels"), [(32, 1), (33, 3), (64, 3)])
def test_two_batches_give_one_energy_for_each_pair(name, side, channels):
    made = build(Part.NETWORK, Component(name=name), spec=spec(side, channels))
    energies = made(images(5, side, channels), images(5, side, channels, seed=1))
    assert (energies.shape, energies.dtype) == ((5,), torch.float32)


def multiplications_of(made):
    """Of one pair: outputs of each convolution and linear layer, times what each is made of."""
    counted = []

    def count(layer, _, output):
        counted.append(output.numel() * layer.weight[0].numel())

    for layer in made.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    made(images(1), images(1))
    return sum(counted)


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_and_multiplications_are_within_the_budget_and_as_stated(name):
    made = network(name)
    parameters = sum(p.numel() for p in made.parameters())
    assert abs(parameters - BUDGET) <= 0.03 * BUDGET
    multiplications = multiplications_of(made)
    assert multiplications <= MOST_MULTIPLICATIONS
    rows = (line.split("  ") for line in _pair.__doc__.splitlines())
    row = next(row for row in rows if row[-1].endswith("M") and name in map(str.strip, row))
    stated = [cell.strip() for cell in row if cell.strip()]
    assert stated[-2] == f"{parameters:,}"
    assert stated[-1] == f"{multiplications / 1e6:.1f} M"


@pytest.mark.parametrize("name", NAMES)
def test_each_pair_is_compared_for_itself(name):
    made = network(name)
    left, right = images(4), images(4, seed=1)
    with torch.no_grad():
        together = made(left, right)
        alone = torch.cat([made(left[i : i + 1], right[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(together, alone)
    assert together.std() > 0


def test_the_branches_of_siam_are_one_and_those_of_pseudo_siam_are_two():
    assert [n for n, _ in network("siam").named_children()] == ["branch", "decision"]
    pseudo = network("pseudo_siam")
    one, other = (b[0].weight for b in (pseudo.branch1, pseudo.branch2))
    assert not torch.equal(one, other)


def test_siam_decides_on_the_features_of_both_in_their_order():
    made = network("siam")
    left, right = images(3), images(3, seed=1)
    with torch.no_grad():
        features = torch.cat([made.branch(left), made.branch(right)], dim=1)
        expected = made.decision(features)[:, 0]
        torch.testing.assert_close(made(left, right), expected)


def test_two_channels_are_the_two_images_in_their_order():
    made = network("two_channel")
    left, right = images(3), images(3, seed=1)
    stacked = torch.stack([left[:, 0], right[:, 0]], dim=1)
    with torch.no_grad():
        torch.testing.assert_close(made(left, right), made.decision(made.branch(stacked))[:, 0])


def test_the_streams_see_the_middle_closely_and_all_of_it_coarsely():
    made = network("two_channel_two_stream")
    shown = images(1)
    middle, halved = made.middle(shown), made.halved(shown)
    assert torch.equal(middle, shown[..., 8:24, 8:24])
    assert halved.shape == middle.shape
    assert halved[0, 0, 3, 5] == pytest.approx(shown[0, 0, 6:8, 10:12].mean().item(), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_served_is_the_same_in_either_order(name):
    made = ServedPair(network(name)).eval()
    rng = np.random.default_rng(0)
    one, other = (
        torch.from_numpy(rng.integers(0, 256, (6, 32, 32, 1), dtype=np.uint8)) for _ in range(2)
    )
    with torch.no_grad():
        assert torch.equal(made(one, other), made(other, one))
        raw = [
            made.network(a.permute(0, 3, 1, 2) / 127.5 - 1, b.permute(0, 3, 1, 2) / 127.5 - 1)
            for a, b in ((one, other), (other, one))
        ]
    assert not torch.allclose(*raw)  # The network itself depends on the order.
    torch.testing.assert_close(made(one, other), sum(raw) / 2)


@pytest.mark.parametrize("name", NAMES)
def test_an_input_that_its_layers_would_consume_is_refused(name):
    module = importlib.import_module(f"training.networks.{name}")
    with pytest.raises(ValueError, match="at least 32 x 32"):
        module.build(spec(31))
