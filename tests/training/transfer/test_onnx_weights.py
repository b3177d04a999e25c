import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from app.settings import SHIPPED_BUNDLES
from model.bundle import open_bundle
from model.golden import check_golden
from model.manifest import Aspect, InputSpec
from tests.training import synthetic
from training.config.named import load_config
from training.encoder import build_encoder
from training.errors import WeightsError
from training.export.onnx_graph import to_onnx
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.serving_graph.multi_view import with_views
from training.serving_graph.normalise import ServedEncoder
from training.serving_graph.wccn import WhitenedEncoder
from training.transfer.onnx_weights import load_graph, restore_statistics
from training.transfer.pretrained import open_weights, read_bundle

CPU = torch.device("cpu")
SPEC = InputSpec(width=16, height=16, channels=1, aspect=Aspect.STRETCH)


def patterns(count=24, side=16):
    return np.stack([synthetic.pattern(i, side=side)[:, :, None] for i in range(count)])


class Everything(nn.Module):
    """Network with norms before and after each kind of layer, with and without biases."""

    def __init__(self):
        super().__init__()
        self.dim = 6
        self.first = nn.BatchNorm2d(1)
        self.conv = nn.Conv2d(1, 4, 3)
        self.after = nn.BatchNorm2d(4)
        self.slope = nn.PReLU(4)
        self.plain = nn.Conv2d(4, 5, 3, stride=2)
        self.other_slope = nn.PReLU()
        self.between = nn.BatchNorm2d(5)
        self.head = nn.Linear(5 * 36, 8, bias=False)
        self.end = nn.BatchNorm1d(8)
        self.last = nn.Linear(8, 6)

    def forward(self, images):
        maps = self.slope(self.after(self.conv(self.first(images))))
        flat = self.between(self.other_slope(self.plain(maps))).flatten(1)
        return self.last(self.end(self.head(flat)))


def trained_looking(seed=3):
    """Build a network whose statistics, scales and slopes are far from their initial values."""
    torch.manual_seed(seed)
    made = Everything()
    for name, value in made.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            low = 0.3 if name.endswith("var") else -1
            nn.init.uniform_(value, low, 1)
    for norm in (made.first, made.after, made.between, made.end):
        norm.momentum = 1.0
    with torch.no_grad():  # A trained network's statistics are those of its images.
        for _ in range(4):
            ServedEncoder(made.train())(torch.from_numpy(patterns(200)))
    return made.eval()


@pytest.fixture(scope="module")
def graph():
    return to_onnx(trained_looking(), SPEC)


def read_back(graph):
    fresh = Everything()
    return fresh, load_graph(fresh, graph, patterns(1))


def test_the_network_read_back_computes_what_the_trained_one_does(graph):
    expected = embed(trained_looking(), patterns(), CPU)
    fresh, norms = read_back(graph)
    assert norms == [fresh.after, fresh.end]
    np.testing.assert_allclose(embed(fresh, patterns(), CPU), expected, rtol=1e-4, atol=1e-5)


def test_what_the_graph_holds_as_it_was_is_taken_as_it_was(graph):
    fresh, _ = read_back(graph)
    trained = trained_looking().state_dict()
    for name, value in fresh.state_dict().items():
        if name.split(".")[0] in {"first", "plain", "slope", "other_slope", "between", "last"}:
            assert torch.equal(value, trained[name]) or name.endswith("num_batches_tracked")


def test_restored_statistics_are_those_of_the_images_and_change_nothing(graph):
    fresh, norms = read_back(graph)
    images = patterns(300)  # More than one batch.
    before = embed(fresh, images, CPU)
    seen = []
    hook = fresh.after.register_forward_pre_hook(lambda _, taken: seen.append(taken[0].numpy()))
    embed(fresh, images, CPU)
    hook.remove()
    restore_statistics(fresh, norms, images)
    values = np.concatenate(seen).astype(np.float64)
    np.testing.assert_allclose(fresh.after.running_mean, values.mean(axis=(0, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(fresh.after.running_var, values.var(axis=(0, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(embed(fresh, images, CPU), before, rtol=1e-3, atol=1e-4)


def test_in_training_mode_too_a_restored_network_computes_nearly_the_same(graph):
    images = patterns(200)
    expected = embed(trained_looking(), images, CPU)
    restored, norms = read_back(graph)
    restore_statistics(restored, norms, images)
    passing, _ = read_back(graph)

    def error(encoder):
        with torch.no_grad():
            answer = ServedEncoder(encoder.train())(torch.from_numpy(images)).numpy()
        return np.abs(answer - expected).max() / np.abs(expected).max()

    assert error(restored) < 0.02
    assert error(passing) > 0.1


@pytest.mark.parametrize("name", ["faces", "att-chopra", "omniglot"])
def test_a_shipped_bundle_read_back_is_that_bundle(name):
    weights = open_weights(SHIPPED_BUNDLES / name)
    bundle = open_bundle(SHIPPED_BUNDLES / name)
    spec = bundle.manifest.input
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (6, 1 + spec.height // 8, 1 + spec.width // 8, spec.channels))
    images = np.repeat(np.repeat(coarse, 8, 1), 8, 2)[:, : spec.height, : spec.width]
    images = images.astype(np.uint8)
    config = weights.adopted(load_config("own_folder"))
    training_images = images[:, : config.input.height, : config.input.width]
    whole = weights.architecture.served(build_encoder(config))
    read_bundle(whole, bundle)
    answer, expected = embed(whole, images, CPU), OnnxEncoder(bundle.onnx).embed(images)
    assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()
    check_golden(bundle.manifest.golden, spec, lambda image: embed(whole, image, CPU))
    # A training starts from the encoder before the whitening.
    bare = weights.encoder_of(config, training_images)
    encoder = with_views(bare, config.input, config.export.views)
    before = whole.encoder if isinstance(whole, WhitenedEncoder) else whole
    answer, expected = embed(encoder, images, CPU), embed(before, images, CPU)
    assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()


def changed(graph, change):
    model = onnx.load_model_from_string(graph)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    change(model, tensors)
    return model.SerializeToString()


def put(tensor, array):
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def halve(_, tensors):
    weight = tensors["encoder.plain.weight"]
    put(weight, numpy_helper.to_array(weight).astype(np.float16))


def rename(_, tensors):
    tensors["encoder.last.weight"].name = "val_99"


def drop_slopes(model, _):
    for node in model.graph.node:
        if node.op_type == "PRelu":
            node.op_type = "Relu"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (halve, r"plain.weight is torch.float16 .* quantised"),
        (rename, "does not hold last.weight"),
        (drop_slopes, "0 PReLUs and the network 2"),
    ],
)
def test_an_altered_graph_is_refused(graph, change, said):
    with pytest.raises(WeightsError, match=said):
        load_graph(Everything(), changed(graph, change), patterns(1))


def test_the_graph_of_another_network_is_refused(graph):
    other = build_encoder(synthetic.config())
    with pytest.raises(WeightsError, match="not of this network"):
        load_graph(other, graph, patterns(1))
