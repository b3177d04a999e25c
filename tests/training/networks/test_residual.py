import pytest
import torch

from model.manifest import Aspect, InputSpec
from training.config.named import load_config
from training.encoder import build_encoder
from training.networks.residual import build


def spec(width=32, height=24, channels=3):
    return InputSpec(width=width, height=height, channels=channels, aspect=Aspect.CROP)


SMALL = {"widths": (8, 16), "depths": (1, 2), "strides": (2, 2), "squeeze": 4, "dim": 12}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("width", "height"), [(32, 24), (33, 17), (9, 50)])
@pytest.mark.parametrize("training", [True, False])
def test_embeddings_have_length_one(channels, width, height, training):
    torch.manual_seed(0)
    network = build(spec(width, height, channels), **SMALL).train(training)
    embeddings = network(torch.randn(5, channels, height, width))
    assert embeddings.shape == (5, network.dim) == (5, 12)
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(5))


@pytest.mark.parametrize("blocks", ["improved", "plain"])
def test_both_kinds_of_blocks_have_the_same_shapes(blocks):
    torch.manual_seed(0)
    network = build(spec(33, 17), **SMALL, blocks=blocks)
    images = torch.randn(3, 3, 17, 33)
    assert network.body(network.stem(images)).shape == (3, 16, 3, 5)
    assert network(images).shape == (3, 12)


def test_a_plain_block_is_conv_norm_relu_conv_norm_and_the_shortcut():
    torch.manual_seed(0)
    block = build(spec(), **SMALL, blocks="plain").eval().body[0]
    maps = torch.randn(2, 8, 8, 8)
    conv1, norm1, _, conv2, norm2 = block.body
    expected = norm2(conv2(norm1(conv1(maps)).clamp(min=0))) + block.shortcut(maps)
    torch.testing.assert_close(block(maps.clone()), expected)


def test_blocks_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="improved, plain"):
        build(spec(), **SMALL, blocks="fancy")


def test_the_faces_network_has_at_most_two_million_parameters_and_eight_megabytes():
    config = load_config("faces")
    encoder = build_encoder(config)
    count = sum(p.numel() for p in encoder.parameters())
    assert 1_000_000 < count <= 2_000_000
    assert sum(t.numel() * t.element_size() for t in encoder.state_dict().values()) <= 8_000_000


def test_in_evaluation_an_image_does_not_depend_on_its_batch():
    torch.manual_seed(0)
    network = build(spec(), **SMALL).eval()
    images = torch.randn(6, 3, 24, 32)
    torch.testing.assert_close(network(images)[2:3], network(images[2:3]))


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    network = build(spec(), **SMALL, dropout=0)
    network(torch.randn(6, 3, 24, 32))[:, 0].sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_stages_that_disagree_are_refused():
    with pytest.raises(ValueError, match="same stages"):
        build(spec(), widths=(8, 16), depths=(1,), strides=(2, 2))


def test_local_contrast_does_not_see_a_gradient_of_light():
    torch.manual_seed(0)
    front = build(spec(64, 64), **SMALL, contrast="local").stem[0]
    surface = torch.rand(1, 3, 64, 64) * 0.5 + 0.3
    light = torch.linspace(0, 1.0, 64).exp()[None, None, None, :]
    lit, even = (front(2 * pixels - 1) for pixels in (surface * light / 3, surface))
    change = (lit - even).abs().mean() / even.abs().mean()
    before = (surface * light / 3 - surface).abs().mean() / surface.abs().mean()
    assert change < 0.2
    assert before > 0.4


def test_the_first_convolution_reads_the_image_its_contrast_or_both():
    channels = {
        contrast: build(spec(), **SMALL, contrast=contrast).stem[-3].in_channels
        for contrast in ("none", "local", "both")
    }
    assert channels == {"none": 3, "local": 3, "both": 6}
    with pytest.raises(ValueError, match="none, local, both"):
        build(spec(), **SMALL, contrast="global")
