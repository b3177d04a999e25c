import json

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d, pad, relu

from training.errors import AdoptionError
from training.recipes._dlib_resnet import build_graph
from training.recipes._tfjs_weights import read_weights

BLOCKS = {
    **{f"conv32_{i}": (32, 32) for i in (1, 2, 3)},
    "conv64_down": (32, 64),
    **{f"conv64_{i}": (64, 64) for i in (1, 2, 3)},
    "conv128_down": (64, 128),
    **{f"conv128_{i}": (128, 128) for i in (1, 2)},
    "conv256_down": (128, 256),
    **{f"conv256_{i}": (256, 256) for i in (1, 2)},
    "conv256_down_out": (256, 256),
}


@pytest.fixture(scope="module")
def weights():
    """Random weights of the network, by face-api's names."""
    rng = np.random.default_rng(3)
    numbers = {"fc": rng.standard_normal((256, 128)).astype(np.float32)}
    convolutions = {"conv32_down": (7, 3, 32)}
    for name, (given, made) in BLOCKS.items():
        convolutions |= {f"{name}/conv1": (3, given, made), f"{name}/conv2": (3, made, made)}
    for name, (size, given, made) in convolutions.items():
        kernel = rng.standard_normal((size, size, given, made)) / np.sqrt(size * size * given)
        numbers[f"{name}/conv/filters"] = kernel.astype(np.float32)
        for part, around in (("conv/bias", 0), ("scale/weights", 1), ("scale/biases", 0)):
            values = around + 0.1 * rng.standard_normal(made)
            numbers[f"{name}/{part}"] = values.astype(np.float32)
    return numbers


def by_pytorch(weights, images):
    """The network as dlib describes it, layer by layer."""
    w = {name: torch.from_numpy(values).double() for name, values in weights.items()}

    def affine(x, name, stride, padding):
        x = conv2d(x, w[f"{name}/conv/filters"].permute(3, 2, 0, 1), stride=stride, padding=padding)
        x = x + w[f"{name}/conv/bias"][:, None, None]
        return (
            x * w[f"{name}/scale/weights"][:, None, None] + w[f"{name}/scale/biases"][:, None, None]
        )

    x = relu(affine(torch.from_numpy(images).double(), "conv32_down", 2, 0))
    x = max_pool2d(x, 3, 2)
    for name in BLOCKS:
        halved = "down" in name
        y = relu(affine(x, f"{name}/conv1", 2 if halved else 1, 0 if halved else 1))
        y = affine(y, f"{name}/conv2", 1, 1)
        x = avg_pool2d(x, 2, 2) if halved else x
        side, channels = max(x.shape[2], y.shape[2]), max(x.shape[1], y.shape[1])
        x, y = (
            pad(z, (0, side - z.shape[3], 0, side - z.shape[2], 0, channels - z.shape[1]))
            for z in (x, y)
        )
        x = relu(x + y)
    return (x.mean((2, 3)) @ w["fc"]).numpy()


def test_the_graph_is_the_network_that_dlib_describes(weights):
    images = np.random.default_rng(0).standard_normal((2, 3, 150, 150)).astype(np.float32)
    session = ort.InferenceSession(build_graph(weights), providers=["CPUExecutionProvider"])
    answer = session.run(None, {"image": images})[0]
    expected = by_pytorch(weights, images)
    assert answer.shape == (2, 128)
    assert np.abs(answer - expected).max() < 1e-4 * np.abs(expected).max()


def manifest(*entries):
    return json.dumps([{"paths": ["x"], "weights": list(entries)}]).encode()


PLAIN = {"name": "a", "shape": [2], "dtype": "float32"}
SMALL = {
    "name": "b",
    "shape": [2, 2],
    "dtype": "float32",
    "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
}
DATA = np.array([1.5, -2], dtype="<f4").tobytes() + bytes([0, 1, 2, 255])


def test_weights_are_read_one_after_the_other_and_scaled_back():
    weights = read_weights(manifest(PLAIN, SMALL), DATA)
    assert weights["a"].tolist() == [1.5, -2]
    assert weights["b"].tolist() == [[-1, -0.5], [0, 126.5]]


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        (manifest(PLAIN), DATA, "12 bytes; 8 are stated"),
        (manifest(PLAIN, SMALL), DATA[:-1], "not those of TensorFlow.js"),
        (manifest(PLAIN | {"dtype": "int32"}), DATA, "int32"),
        (manifest({"name": "a"}), DATA, "dtype"),
        (b"{", DATA, "not those of TensorFlow.js"),
    ],
    ids=["more", "less", "type", "no type", "no json"],
)
def test_other_weights_are_refused(text, data, message):
    with pytest.raises(AdoptionError, match=message):
        read_weights(text, data)
