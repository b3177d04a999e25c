"""ResNet of dlib's face recognition, as an ONNX graph (dnn_face_recognition_ex.cpp of dlib).

29 convolutions of residual blocks with 32 to 256 channels. A block that halves its image adds the
average of 2 x 2 pixels to its convolutions; where the two differ in side or channels, the smaller
is filled up with zeros at the right and below, and after its last channel. Batch normalisation is a
scale and a bias for each channel, which are part of the convolution here.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from training.adoption.foreign_graph import OPSET
from training.adoption.onnx_nodes import Nodes
from training.recipes._tfjs_weights import Weights

SIDE = 150
EMBEDDING = 128
_IR_VERSION = 8
_STAGES = (
    ("conv32", 0, 3),
    ("conv64", 1, 3),
    ("conv128", 1, 2),
    ("conv256", 1, 2),
    ("conv256_down_out", 1, 0),
)
"""Name of the blocks of one width, how many of them halve the image, and how many follow."""


@dataclass(frozen=True)
class _Value:
    """Activations: their name in the graph, (batch, channels, side, side)."""

    name: str
    channels: int
    side: int


def build_graph(weights: Weights) -> bytes:
    """Build the network from float images, (batch, 3, 150, 150), to 128 numbers.

    Args:
        weights: By the names that face-api gives them. Kernels are (height, width, in, out).
    """
    part = _Parts(weights)
    value = part.convolution(_Value("image", 3, SIDE), "conv32_down", stride=2, is_last=False)
    value = part.pool("MaxPool", value, "conv32_down", size=3)
    for name, halved, plain in _STAGES:
        if halved:
            value = part.block(value, name if name.endswith("out") else f"{name}_down", stride=2)
        for index in range(1, plain + 1):
            value = part.block(value, f"{name}_{index}", stride=1)
    nodes = part.nodes
    mean = nodes.add("GlobalAveragePool", [value.name], "mean")
    flat = nodes.add("Flatten", [mean], "flat")
    nodes.add("MatMul", [flat, nodes.constant("fc", weights["fc"])], "embedding")
    return _serialised(nodes)


def _serialised(nodes: Nodes) -> bytes:
    given: list[str | int | None] = ["batch", 3, SIDE, SIDE]
    answer: list[str | int | None] = ["batch", EMBEDDING]
    graph = helper.make_graph(
        nodes.nodes,
        "dlib_face_resnet",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, answer)],
        nodes.constants,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    model.producer_name = "likewise"
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


class _Parts:
    """Blocks of the network, appended to one graph."""

    def __init__(self, weights: Weights) -> None:
        self.nodes = Nodes()
        self._weights = weights

    def block(self, value: _Value, name: str, *, stride: int) -> _Value:
        """Append a residual block: two convolutions, and the block's input beside them."""
        inner = self.convolution(value, f"{name}/conv1", stride=stride, is_last=False)
        inner = self.convolution(inner, f"{name}/conv2", stride=1, is_last=True)
        beside = self.pool("AveragePool", value, name, size=2) if stride > 1 else value
        channels, side = max(inner.channels, beside.channels), max(inner.side, beside.side)
        joined = [self._filled(part, channels, side) for part in (inner, beside)]
        added = self.nodes.add("Add", joined, f"{name}/sum")
        return _Value(self.nodes.add("Relu", [added], f"{name}/out"), channels, side)

    def convolution(self, value: _Value, name: str, *, stride: int, is_last: bool) -> _Value:
        """Append a convolution; the last one of a block has no rectifier, which follows the sum."""
        kernel = self._weights[f"{name}/conv/filters"].transpose(3, 2, 0, 1)
        scale = self._weights[f"{name}/scale/weights"]
        bias = self._weights[f"{name}/conv/bias"] * scale + self._weights[f"{name}/scale/biases"]
        channels, size = kernel.shape[0], kernel.shape[2]
        # dlib pads by half the kernel unless the stride exceeds 1.
        pad = size // 2 if stride == 1 else 0
        scaled = np.ascontiguousarray(kernel * scale[:, None, None, None])
        numbers = [
            self.nodes.constant(f"{name}/kernel", scaled),
            self.nodes.constant(f"{name}/bias", bias),
        ]
        options = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
        out = self.nodes.add("Conv", [value.name, *numbers], f"{name}/conv", **options)
        if not is_last:
            out = self.nodes.add("Relu", [out], f"{name}/relu")
        return _Value(out, channels, (value.side + 2 * pad - size) // stride + 1)

    def pool(self, operator: str, value: _Value, name: str, *, size: int) -> _Value:
        """Append a pooling of stride 2."""
        options = {"kernel_shape": [size] * 2, "strides": [2, 2]}
        out = self.nodes.add(operator, [value.name], f"{name}/pool", **options)
        return _Value(out, value.channels, (value.side - size) // 2 + 1)

    def _filled(self, value: _Value, channels: int, side: int) -> str:
        """Append zeros after the last channel, at the right and below, where they are needed."""
        if (value.channels, value.side) == (channels, side):
            return value.name
        more = side - value.side
        ends = np.array([0, 0, 0, 0, 0, channels - value.channels, more, more], dtype=np.int64)
        pads = self.nodes.constant(f"{value.name}/ends", ends)
        return self.nodes.add("Pad", [value.name, pads], f"{value.name}/filled")
