import numpy as np
import pytest
import torch
from torch import nn

from model.manifest import Kind, Metric
from tests.training import synthetic
from training.encoder import build_encoder
from training.errors import ConfigError, ExportError
from training.export.onnx_graph import AGREEMENT, check_agreement, to_onnx
from training.export.presign_graph import before_sign
from training.inference import binary_codes
from training.inference.onnx_runtime import OnnxEncoder

CONFIG = synthetic.codes()
SPEC = CONFIG.input


@pytest.fixture(scope="module")
def encoder():
    """Sixteen activations of the pixels."""
    torch.manual_seed(0)
    return build_encoder(synthetic.codes(network={"name": "mlp", "options": {"dim": 16}})).eval()


@pytest.fixture(scope="module")
def graph(encoder):
    return to_onnx(encoder, SPEC, Kind.CODES)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (70, 16, 16, 1), dtype=np.uint8)


def test_the_first_activation_is_the_highest_bit_of_the_first_byte():
    activations = np.float32([[1, -1, -1, -1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, 0.5, 0]])
    assert binary_codes.pack(activations).tolist() == [[129, 2]]


@pytest.mark.parametrize("count", [1, 2, 70])
def test_the_graph_packs_as_numpy_does(encoder, graph, pixels, count):
    shown = pixels[:count]
    answer = OnnxEncoder(graph).embed(shown)
    assert (answer.dtype, answer.shape) == (np.uint8, (count, 2))
    np.testing.assert_array_equal(answer, binary_codes.pack(_activations(encoder, shown)))


def test_the_graph_cut_before_its_signs_gives_the_activations_behind_them(encoder, graph, pixels):
    activations = OnnxEncoder(before_sign(graph)).embed(pixels)
    assert (activations.dtype, activations.shape) == (np.float32, (70, 16))
    np.testing.assert_allclose(activations, _activations(encoder, pixels), atol=1e-5)
    np.testing.assert_array_equal(binary_codes.pack(activations), OnnxEncoder(graph).embed(pixels))


def test_pytorch_packs_as_numpy_does():
    activations = torch.randn(5, 24, generator=torch.Generator().manual_seed(4))
    packed = binary_codes.PackedCodes(nn.Identity())(activations).numpy()
    np.testing.assert_array_equal(packed, np.packbits(activations.numpy() > 0, axis=1))


def _activations(encoder, shown):
    images = torch.from_numpy(shown.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
    with torch.no_grad():
        return encoder(images).numpy()


def test_a_graph_with_torchs_bits_agrees(encoder, graph, pixels):
    assert check_agreement(encoder, graph, pixels) == 0


class Changed(nn.Module):
    """An encoder whose activations are scaled and shifted, each bit by its own numbers."""

    def __init__(self, encoder, scale=1.0, shift=0.0):
        super().__init__()
        self.encoder, self.dim = encoder, 16
        self.scale, self.shift = torch.ones(16), torch.zeros(16)
        self.scale[0], self.shift[0] = scale, shift

    def forward(self, images):
        return self.encoder(images) * self.scale + self.shift


def test_bits_may_differ_only_where_an_activation_is_within_the_tolerance_of_0(encoder, pixels):
    activations = _activations(encoder, pixels)
    tolerance = AGREEMENT * np.abs(activations).max()
    # The first bit of the first image is moved from exactly on the edge to either side of it.
    edge = -activations[0, 0]
    below = to_onnx(Changed(encoder, shift=float(edge - 0.2 * tolerance)), SPEC, Kind.CODES)
    barely = Changed(encoder, shift=float(edge + 0.2 * tolerance))
    clearly = Changed(encoder, shift=float(edge + 3 * tolerance))
    assert 0 < check_agreement(barely, below, pixels) < 0.01
    with pytest.raises(ExportError, match=r"differ in \d bits"):
        check_agreement(clearly, below, pixels)


def test_a_code_of_dead_activations_agrees_with_nothing(encoder, graph, pixels):
    dead = r"6.\d% of the code's bits have activations that are nearly 0"
    with pytest.raises(ExportError, match=dead):
        check_agreement(Changed(encoder, scale=0.0), graph, pixels)


def test_activations_that_are_no_numbers_are_refused(encoder, graph, pixels):
    with pytest.raises(ExportError, match="not finite"):
        check_agreement(Changed(encoder, scale=float("nan")), graph, pixels)


def test_codes_that_are_all_alike_are_not_told_apart_however_far_their_activations_are():
    activations = np.float32([[1, -1], [5, -9]])
    assert np.ptp(binary_codes.as_spread(activations, Metric.HAMMING), axis=0).tolist() == [0, 0]
    assert binary_codes.as_spread(activations, Metric.L2) is activations


def test_codes_have_whole_bytes():
    with pytest.raises(ConfigError, match="12 bits are no multiple of 8"):
        build_encoder(synthetic.codes(network={"name": "mlp", "options": {"dim": 12}}))
