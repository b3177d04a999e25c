import numpy as np
import onnxruntime as ort
import pytest

from model.bundle import open_bundle
from training.data.decoding import decode
from training.data.source import open_data
from training.errors import ExportError
from training.export.quantisation import Precision, convert
from training.inference.onnx_runtime import OnnxEncoder


@pytest.fixture(scope="module")
def graph(exported):
    return open_bundle(exported).onnx


@pytest.fixture(scope="module")
def pixels(exported, folder):
    return decode(open_data(folder), open_bundle(exported).manifest.input).pixels


@pytest.mark.parametrize("precision", Precision)
def test_a_converted_graph_answers_nearly_the_same_and_is_smaller(graph, pixels, precision):
    converted = convert(graph, precision, pixels[:32])
    before, after = (OnnxEncoder(g).embed(pixels) for g in (graph, converted))
    assert after.dtype == np.float32
    cosines = (before * after).sum(axis=1)
    assert cosines.min() > 0.98
    assert np.linalg.norm(after, axis=1) == pytest.approx(1, abs=2e-3)
    assert len(converted) < len(graph)


@pytest.mark.parametrize("precision", Precision)
def test_a_converted_graph_takes_uint8_and_any_batch(graph, pixels, precision):
    session = ort.InferenceSession(convert(graph, precision, pixels[:32]))
    [images] = session.get_inputs()
    assert (images.type, images.shape[1:]) == ("tensor(uint8)", list(pixels.shape[1:]))
    for batch in (1, 3):
        assert len(session.run(None, {images.name: pixels[:batch]})[0]) == batch


def test_static_ranges_are_those_of_the_sample(graph, pixels):
    usual = convert(graph, Precision.INT8_STATIC, pixels[:32])
    dark = convert(graph, Precision.INT8_STATIC, np.zeros_like(pixels[:32]))
    right, wrong = (OnnxEncoder(g).embed(pixels) for g in (usual, dark))
    truth = OnnxEncoder(graph).embed(pixels)
    assert np.abs(right - truth).mean() < np.abs(wrong - truth).mean()


@pytest.mark.parametrize("first", Precision)
def test_a_graph_is_not_converted_twice(graph, pixels, first):
    small = convert(graph, first, pixels)
    with pytest.raises(ExportError, match="was converted before"):
        convert(small, Precision.INT8_STATIC, pixels)
