import pytest
import torch

from model.manifest import Aspect, InputSpec
from training.networks.chopra2005 import PartialConv, Subsampling, build

PAPER = InputSpec(width=46, height=56, channels=1, aspect=Aspect.CROP)


def spec(width, height, channels=1):
    return InputSpec(width=width, height=height, channels=channels, aspect=Aspect.CROP)


def test_the_layers_have_the_papers_sizes():
    network = build(PAPER)
    maps, sizes = torch.zeros(1, 1, 56, 46), []
    for layer in network.features:
        maps = layer(maps)
        if not isinstance(layer, torch.nn.Tanh):
            sizes.append(tuple(maps.shape[1:]))
    # Section 4.2, rows first: C1 15@50x40, S2 15@25x20, C3 45@20x15, S4 45@5x5.
    assert sizes == [(15, 50, 40), (15, 25, 20), (45, 20, 15), (45, 5, 5)]
    assert network.c5(maps).shape == (1, 250, 1, 1)
    assert network(torch.zeros(3, 1, 56, 46)).shape == (3, 50)


def test_each_layer_has_its_trainable_parameters():
    network = build(PAPER)
    count = {
        name: sum(p.numel() for p in module.parameters())
        for name, module in [*network.features.named_children(), ("c5", network.c5)]
    }
    assert count["0"] == 15 * (7 * 7 + 1)
    assert count["2"] == 15 * 2
    assert count["5"] == 45 * 2
    assert count["c5"] == 250 * (45 * 5 * 5 + 1)


def test_the_embedding_is_within_one_so_the_l1_energy_is_within_q():
    torch.manual_seed(0)
    embeddings = build(PAPER)(50 * torch.randn(16, 1, 56, 46))
    assert embeddings.abs().max() <= 1


def test_subsampling_averages_then_scales_shifts_and_bends():
    layer = Subsampling(2, (2, 3))
    with torch.no_grad():
        layer.scale[:], layer.shift[:] = 0.5, 0.25
    maps = torch.rand(1, 2, 4, 6)
    expected = torch.tanh(maps[0, 1, 2:4, 3:6].mean() * 0.5 + 0.25)
    torch.testing.assert_close(layer(maps)[0, 1, 1, 1], expected)


@pytest.mark.parametrize("fan_in", [1, 5, 6, 15])
def test_an_output_map_reads_so_many_input_maps_and_no_other(fan_in):
    torch.manual_seed(0)
    layer = PartialConv(15, 45, 3, fan_in)
    reads = torch.zeros(45, 15, dtype=torch.bool)
    base = layer(torch.zeros(1, 15, 3, 3))
    for source in range(15):
        maps = torch.zeros(1, 15, 3, 3)
        maps[0, source] = 1
        reads[:, source] = (layer(maps) != base)[0, :, 0, 0]
    assert (reads.sum(dim=1) == fan_in).all()
    assert (reads.sum(dim=0) == 3 * fan_in).all()  # Each input is read alike often.


@pytest.mark.parametrize("fan_in", [0, 16])
def test_a_fan_in_that_cannot_be_is_refused(fan_in):
    with pytest.raises(ValueError, match="between 1 and 15"):
        build(PAPER, c3_inputs=fan_in)


def test_colour_is_refused():
    with pytest.raises(ValueError, match="grey"):
        build(spec(46, 56, channels=3))


@pytest.mark.parametrize(("width", "height"), [(26, 30), (64, 64), (92, 112)])
def test_other_sizes_are_taken_down_to_the_smallest(width, height):
    assert build(spec(width, height), dim=7)(torch.zeros(2, 1, height, width)).shape == (2, 7)


@pytest.mark.parametrize(("width", "height"), [(25, 30), (26, 29)])
def test_an_input_that_its_layers_would_consume_is_refused(width, height):
    with pytest.raises(ValueError, match="30 x 26"):
        build(spec(width, height))
