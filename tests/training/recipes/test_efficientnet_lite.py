import io

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch.nn.functional import batch_norm, conv2d, pad, relu6

from training.errors import AdoptionError
from training.recipes._efficientnet_lite import build_graph
from training.recipes.efficientnet_lite0 import RECIPE

# Of each block: channels in and out, kernel, stride, expansion; table 1 of the EfficientNet paper.
BLOCKS = [
    (32, 16, 3, 1, 1),
    (16, 24, 3, 2, 6),
    (24, 24, 3, 1, 6),
    (24, 40, 5, 2, 6),
    (40, 40, 5, 1, 6),
    (40, 80, 3, 2, 6),
    *[(80, 80, 3, 1, 6)] * 2,
    (80, 112, 5, 1, 6),
    *[(112, 112, 5, 1, 6)] * 2,
    (112, 192, 5, 2, 6),
    *[(192, 192, 5, 1, 6)] * 3,
    (192, 320, 3, 1, 6),
]


@pytest.fixture(scope="module")
def weights():
    """Random weights of the network, by the names of the package."""
    rng = np.random.default_rng(5)
    found = {}

    def add(name, norm, *shape):
        fan = shape[1] * shape[2] * shape[3]
        found[f"{name}.weight"] = (rng.standard_normal(shape) * np.sqrt(2 / fan)).astype(np.float32)
        for part, low, high in (
            ("weight", 0.8, 1.2),
            ("bias", -0.1, 0.1),
            ("running_mean", -0.1, 0.1),
            ("running_var", 0.5, 1.5),
        ):
            found[f"{norm}.{part}"] = rng.uniform(low, high, shape[0]).astype(np.float32)

    add("_conv_stem", "_bn0", 32, 3, 3, 3)
    for index, (given, made, kernel, _, expansion) in enumerate(BLOCKS):
        name, inner = f"_blocks.{index}", given * expansion
        if expansion > 1:
            add(f"{name}._expand_conv", f"{name}._bn0", inner, given, 1, 1)
        add(f"{name}._depthwise_conv", f"{name}._bn1", inner, 1, kernel, kernel)
        add(f"{name}._project_conv", f"{name}._bn2", made, inner, 1, 1)
    add("_conv_head", "_bn1", 1280, 320, 1, 1)
    return found


def by_pytorch(weights, images):
    """The network layer by layer, padded as TensorFlow's SAME."""
    w = {name: torch.from_numpy(values).double() for name, values in weights.items()}

    def layer(x, name, norm, stride=1):
        kernel = w[f"{name}.weight"]
        size, side = kernel.shape[2], x.shape[2]
        total = max((-(-side // stride) - 1) * stride + size - side, 0)
        x = pad(x, (total // 2, total - total // 2) * 2)
        groups = x.shape[1] // kernel.shape[1]
        x = conv2d(x, kernel, stride=stride, groups=groups)
        numbers = [
            w[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        ]
        return batch_norm(x, *numbers, eps=1e-3)

    x = relu6(layer(torch.from_numpy(images).double(), "_conv_stem", "_bn0", 2))
    for index, (given, made, _, stride, expansion) in enumerate(BLOCKS):
        name, y = f"_blocks.{index}", x
        if expansion > 1:
            y = relu6(layer(y, f"{name}._expand_conv", f"{name}._bn0"))
        y = relu6(layer(y, f"{name}._depthwise_conv", f"{name}._bn1", stride))
        y = layer(y, f"{name}._project_conv", f"{name}._bn2")
        x = x + y if (given, stride) == (made, 1) else y
    return relu6(layer(x, "_conv_head", "_bn1")).mean((2, 3)).numpy()


def test_the_graph_is_the_network_of_the_paper(weights):
    images = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
    session = ort.InferenceSession(build_graph(weights), providers=["CPUExecutionProvider"])
    answer = session.run(None, {"image": images})[0]
    expected = by_pytorch(weights, images)
    assert answer.shape == (1, 1280)
    assert np.abs(answer - expected).max() < 1e-4 * np.abs(expected).max()


def test_a_file_of_pytorch_is_read_as_tensors_alone(weights):
    path = RECIPE.package.files[0].path
    file = io.BytesIO()
    torch.save({name: torch.from_numpy(values) for name, values in weights.items()}, file)
    assert RECIPE.convert({path: file.getvalue()}) == build_graph(weights)
    file = io.BytesIO()
    torch.save({"callable": io.BytesIO}, file)
    for data in (file.getvalue(), b"no file of PyTorch"):
        with pytest.raises(AdoptionError, match="cannot be read"):
            RECIPE.convert({path: data})
