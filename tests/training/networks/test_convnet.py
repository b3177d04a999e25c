import pytest
import torch

from model.manifest import Aspect, InputSpec
from training.networks.convnet import build


def spec(width=28, height=28, channels=1):
    return InputSpec(width=width, height=height, channels=channels, aspect=Aspect.STRETCH)


@pytest.mark.parametrize(("width", "height", "channels"), [(28, 28, 1), (17, 30, 3), (8, 8, 1)])
def test_an_image_becomes_an_embedding(width, height, channels):
    network = build(spec(width, height, channels), dim=24)
    assert network.dim == 24
    assert network(torch.rand(3, channels, height, width)).shape == (3, 24)


def test_each_stage_halves_the_maps():
    network = build(spec(), widths=(4, 8, 16), depths=(2, 1, 1))
    assert network.features(torch.rand(1, 1, 28, 28)).shape == (1, 16, 3, 3)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in network.features) == 4


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    network = build(spec(), widths=(4,), depths=(1,), dropout=0.5)
    images = torch.rand(4, 1, 28, 28)
    assert not torch.equal(network(images), network(images))
    network.eval()
    assert torch.equal(network(images), network(images))


@pytest.mark.parametrize(
    "options",
    [{"widths": (4,), "depths": (1, 1)}, {"depths": (0, 1, 1)}, {"widths": (), "depths": ()}],
)
def test_stages_that_are_told_differently_are_refused(options):
    with pytest.raises(ValueError, match="same stages"):
        build(spec(), **options)


def test_an_input_too_small_for_the_stages_is_refused():
    with pytest.raises(ValueError, match="to nothing"):
        build(spec(width=7, height=28))


def test_batch_normalisation_can_come_last():
    network = build(spec(), widths=(4,), depths=(1,), dim=8, spread=3.0)
    answer = network(torch.rand(64, 1, 28, 28))
    torch.testing.assert_close(answer.mean(dim=0), torch.zeros(8), atol=1e-5, rtol=0)
    torch.testing.assert_close(answer.std(dim=0), torch.full((8,), 3.0), atol=0.1, rtol=0)


def test_maps_can_be_averaged_and_embeddings_have_length_1():
    network = build(spec(64, 64, 3), widths=(4, 8), depths=(1, 1), dim=8, pool=2, unit=True)
    assert network.head[-1].in_features == 8 * 2 * 2
    lengths = network(torch.rand(5, 3, 64, 64)).norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(5))


def test_pooling_before_the_last_relu_of_a_stage_computes_the_same():
    torch.manual_seed(0)
    network = build(spec(), widths=(4, 6), depths=(2, 1), dim=8).eval()
    images = maps = torch.randn(3, 1, 28, 28)
    layers = iter(network.features)
    for depth in (2, 1):
        for _ in range(depth):
            convolved = next(each for each in layers if isinstance(each, torch.nn.Conv2d))(maps)
            maps = torch.relu(next(layers)(convolved))
        maps = torch.max_pool2d(maps, 2)
    torch.testing.assert_close(network.features(images), maps)
