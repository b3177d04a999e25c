"""EfficientNet-Lite0 without its classifier, as an ONNX graph (TensorFlow's efficientnet/lite).

Inverted residual blocks: a 1 x 1 convolution that expands the channels, one for each channel alone,
and a 1 x 1 convolution that projects them; a block of stride 1 that keeps the number of channels
adds its input. Padding is TensorFlow's SAME. Batch normalisation is folded into the convolutions.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from training.adoption.foreign_graph import OPSET
from training.adoption.onnx_nodes import Nodes

SIDE = 224
EMBEDDING = 1280
_IR_VERSION = 8
_EPSILON = np.float32(1e-3)


class _Stage(NamedTuple):
    """Blocks of one width, of which the first has the stride."""

    blocks: int
    stride: int
    expands: bool


_STAGES = (
    _Stage(1, 1, expands=False),
    _Stage(2, 2, expands=True),
    _Stage(2, 2, expands=True),
    _Stage(3, 2, expands=True),
    _Stage(3, 1, expands=True),
    _Stage(4, 2, expands=True),
    _Stage(1, 1, expands=True),
)

Weights = Mapping[str, NDArray[np.float32]]


def build_graph(weights: Weights) -> bytes:
    """Build the network from float images, (batch, 3, 224, 224), to 1,280 numbers.

    Args:
        weights: By the names that `efficientnet_pytorch` gives them. Kernels are (out, in, height,
            width).
    """
    part = _Parts(weights)
    value = part.convolution("image", "_conv_stem", "_bn0", stride=2)
    index = 0
    for stage in _STAGES:
        for turn in range(stage.blocks):
            stride = stage.stride if turn == 0 else 1
            value = part.block(value, f"_blocks.{index}", stride, expands=stage.expands)
            index += 1
    value = part.convolution(value, "_conv_head", "_bn1")
    value = part.nodes.add("GlobalAveragePool", [value], "mean")
    part.nodes.add("Flatten", [value], "embedding")
    return _serialised(part.nodes)


def _serialised(nodes: Nodes) -> bytes:
    given: list[str | int | None] = ["batch", 3, SIDE, SIDE]
    answer: list[str | int | None] = ["batch", EMBEDDING]
    graph = helper.make_graph(
        nodes.nodes,
        "efficientnet_lite0",
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
        six, zero = np.float32(6), np.float32(0)
        self._bounds = [self.nodes.constant("zero", zero), self.nodes.constant("six", six)]

    def block(self, value: str, name: str, stride: int, *, expands: bool) -> str:
        """Append an inverted residual block."""
        inner = value
        if expands:
            inner = self.convolution(inner, f"{name}._expand_conv", f"{name}._bn0")
        inner = self.convolution(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        inner = self.convolution(inner, f"{name}._project_conv", f"{name}._bn2", is_clipped=False)
        if not self._adds(name, stride):
            return inner
        return self.nodes.add("Add", [inner, value], f"{name}/sum")

    def _adds(self, name: str, stride: int) -> bool:
        """Return whether a block adds its input: it changes neither side nor channels."""
        first = self._weights.get(f"{name}._expand_conv.weight")
        last = self._weights[f"{name}._project_conv.weight"]
        return first is not None and stride == 1 and first.shape[1] == last.shape[0]

    def convolution(
        self, value: str, name: str, norm: str, *, stride: int = 1, is_clipped: bool = True
    ) -> str:
        """Append a convolution with its batch normalisation, and the bounds 0 and 6."""
        kernel = self._weights[f"{name}.weight"]
        scale, shift, mean, variance = (
            self._weights[f"{norm}.{part}"]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + _EPSILON)
        numbers = [
            self.nodes.constant(f"{name}/kernel", kernel * scale[:, None, None, None]),
            self.nodes.constant(f"{name}/bias", shift - mean * scale),
        ]
        options: dict[str, Any] = {
            "kernel_shape": list(kernel.shape[2:]),
            "strides": [stride] * 2,
            "auto_pad": "SAME_UPPER",
            # One group for each channel where the kernel has one input channel.
            "group": len(kernel) if kernel.shape[1] == 1 else 1,
        }
        out = self.nodes.add("Conv", [value, *numbers], f"{name}/conv", **options)
        return self.nodes.add("Clip", [out, *self._bounds], f"{name}/relu6") if is_clipped else out
