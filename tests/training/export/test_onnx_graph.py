import copy
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from model.manifest import Aspect, InputSpec
from tests.training import synthetic
from tests.training.exporter import TRACE, digest_of
from training.encoder import build_encoder
from training.errors import ExportError
from training.export.onnx_graph import AGREEMENT, OPSET, check_agreement, to_onnx
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed

CONFIGS = {
    "residual": synthetic.config(),
    "colour": synthetic.config(
        input=InputSpec(width=20, height=12, channels=3, aspect=Aspect.CROP)
    ),
    "chopra": synthetic.chopra(),
}


@pytest.fixture(scope="module", params=CONFIGS)
def exported(request):
    """Export an untrained encoder; returns input, encoder and graph."""
    torch.manual_seed(0)
    config = CONFIGS[request.param]
    encoder = build_encoder(config).eval()
    return config.input, encoder, to_onnx(encoder, config.input)


def test_a_network_has_the_same_graph_each_time(monkeypatch):
    # Traced here both times: the tests of a run otherwise share the graphs of equal networks.
    monkeypatch.setattr(torch.onnx, "export", TRACE)
    config = CONFIGS["colour"]
    encoder = build_encoder(config).eval()
    assert to_onnx(encoder, config.input) == to_onnx(encoder, config.input)


def test_the_graphs_that_tests_share_are_of_equal_networks_alone():
    config, other = CONFIGS["colour"], CONFIGS["residual"]
    torch.manual_seed(1)
    encoder = build_encoder(config).eval()
    options = {"dynamic_shapes": {"images": {0: "batch"}}}

    def digest(network):
        return digest_of(network, (), options)

    one = digest(encoder)
    assert digest(copy.deepcopy(encoder)) == one
    assert digest(build_encoder(other).eval()) != one
    with torch.no_grad():
        next(encoder.parameters()).add_(1e-6)
    assert digest(encoder) != one


def images(spec, count=5, seed=0):
    shape = (count, spec.height, spec.width, spec.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_the_graph_takes_uint8_images_and_gives_float32_embeddings(exported):
    spec, encoder, graph = exported
    model = onnx.load_from_string(graph)
    (taken,), (given,) = model.graph.input, model.graph.output
    assert taken.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert given.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    sides = [d.dim_value for d in taken.type.tensor_type.shape.dim][1:]
    assert sides == [spec.height, spec.width, spec.channels]
    assert given.type.tensor_type.shape.dim[1].dim_value == encoder.dim
    assert [o.version for o in model.opset_import if o.domain in {"", "ai.onnx"}] == [OPSET]


@pytest.mark.parametrize("count", [1, 2, 3, 130])
def test_any_number_of_images_is_taken(exported, count):
    spec, encoder, graph = exported
    assert OnnxEncoder(graph).embed(images(spec, count)).shape == (count, encoder.dim)


def test_the_graph_computes_what_pytorch_does(exported):
    spec, encoder, graph = exported
    shown = images(spec, 70)
    expected = embed(encoder, shown, torch.device("cpu"))
    answer = OnnxEncoder(graph).embed(shown)
    assert np.abs(answer - expected).max() <= 1e-4 * np.abs(expected).max()
    assert check_agreement(encoder, graph, shown) <= AGREEMENT == 1e-4


def test_casting_scaling_and_transposing_are_inside_the_graph(exported):
    spec, encoder, graph = exported
    shown = images(spec)
    by_hand = torch.from_numpy(shown.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
    with torch.no_grad():
        expected = encoder(by_hand).numpy()
    np.testing.assert_allclose(OnnxEncoder(graph).embed(shown), expected, atol=1e-5)


def test_the_graph_holds_no_path_of_this_machine(exported):
    *_, graph = exported
    assert str(Path.cwd()).encode() not in graph
    assert str(Path.home()).encode() + b"/" not in graph
    assert not re.search(rb"site-packages|\.py\b|/tmp/|line \d+", graph)


def test_the_graph_is_in_one_file(exported):
    *_, graph = exported
    for tensor in onnx.load_from_string(graph).graph.initializer:
        assert tensor.data_location != onnx.TensorProto.EXTERNAL


def test_a_graph_of_other_weights_is_refused(exported):
    spec, encoder, graph = exported
    other = onnx.load_from_string(graph)
    weights = next(t for t in other.graph.initializer if len(t.dims) == 4)
    changed = onnx.numpy_helper.to_array(weights).copy()
    changed[0] *= 1.05
    weights.CopyFrom(onnx.numpy_helper.from_array(changed, weights.name))
    with pytest.raises(ExportError, match="differ by"):
        check_agreement(encoder, other.SerializeToString(), images(spec))


def test_an_answer_that_is_no_number_is_refused(exported):
    spec, encoder, graph = exported
    spoilt = build_encoder(next(c for c in CONFIGS.values() if c.input == spec)).eval()
    spoilt.load_state_dict(encoder.state_dict())
    nn.init.constant_(next(spoilt.parameters()), torch.nan)
    with pytest.raises(ExportError):
        check_agreement(spoilt, graph, images(spec))


def test_an_encoders_mode_is_left_as_it_was():
    encoder = build_encoder(CONFIGS["residual"]).train()
    embed(encoder, images(CONFIGS["residual"].input), torch.device("cpu"))
    assert encoder.training
