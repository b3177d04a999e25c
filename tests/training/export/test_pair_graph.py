import numpy as np
import onnx
import pytest
import torch

from model.golden import check_golden_pairs
from model.manifest import Metric
from tests.training import synthetic
from training.encoder import build_encoder
from training.errors import CollapsedError, ExportError
from training.export.bundle import checked_graph
from training.export.onnx_graph import difference
from training.inference.onnx_runtime import OnnxScorer
from training.inference.pytorch import score

SPEC = synthetic.pair().input
CPU = torch.device("cpu")


def images(count=6, seed=0):
    shape = (count, SPEC.height, SPEC.width, SPEC.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def exported():
    """Export an untrained network; returns network, graph and golden energies."""
    torch.manual_seed(1)
    network = build_encoder(synthetic.pair("two_channel_two_stream")).eval()
    return network, *checked_graph(network, SPEC, Metric.NONE, images())


def test_the_graph_takes_two_uint8_batches_and_gives_float32_energies(exported):
    graph = onnx.load_from_string(exported[1]).graph
    assert [taken.name for taken in graph.input] == ["images1", "images2"]
    for taken in graph.input:
        assert taken.type.tensor_type.elem_type == onnx.TensorProto.UINT8
        batch, *sides = taken.type.tensor_type.shape.dim
        assert not batch.dim_value
        assert [d.dim_value for d in sides] == [SPEC.height, SPEC.width, SPEC.channels]
    (given,) = graph.output
    assert given.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert len(given.type.tensor_type.shape.dim) == 1


@pytest.mark.parametrize("count", [1, 2, 70])
def test_any_number_of_pairs_is_taken_and_compared_as_pytorch_does(exported, count):
    network, graph, _ = exported
    left, right = images(count, seed=2), images(count, seed=3)
    expected = score(network, left, right, CPU)
    answer = OnnxScorer(graph).score(left, right)
    assert (answer.shape, answer.dtype) == ((count,), np.float32)
    assert difference(answer, expected) <= 1e-4


def test_the_graph_answers_the_same_in_either_order(exported):
    left, right = images(5, seed=2), images(5, seed=3)
    scorer = OnnxScorer(exported[1])
    np.testing.assert_allclose(scorer.score(left, right), scorer.score(right, left), atol=1e-6)


def test_the_golden_energies_are_what_the_graph_answers(exported):
    network, _, golden = exported
    check_golden_pairs(golden, SPEC, lambda a, b: score(network, a, b, CPU))


def test_a_network_that_gives_every_pair_one_energy_is_not_exported():
    constant = build_encoder(synthetic.pair()).eval()
    torch.nn.init.zeros_(constant.decision[-1].weight)
    with pytest.raises(CollapsedError, match="every pair"):
        checked_graph(constant, SPEC, Metric.NONE, images())


def test_a_network_is_left_in_the_mode_that_it_was_in():
    network = build_encoder(synthetic.pair()).train()
    score(network, images(), images(), CPU)
    assert network.training


def test_answers_that_differ_are_refused():
    energies = np.float32([1.0, -2.0])
    with pytest.raises(ExportError, match="nothing was written"):
        difference(energies + np.float32(1e-3), energies)
