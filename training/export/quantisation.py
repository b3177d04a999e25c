"""Conversion of a graph to fp16, and to int8 by ONNX Runtime's quantisation.

int8 static (per-channel weights, activation ranges measured on calibration images: Jacob et al.
2018) speeds up convolutions; int8 dynamic measures the ranges in every run. The first operations
(uint8 to scaled float) and the last (unit length) cost little and stay in float32, so that the
embedding's scale is exact. What lies between two 8-bit operations in float32 costs more than they:
see `with_maxima`.
"""

import tempfile
from enum import StrEnum
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from model.bundle import sha256
from training.errors import ExportError

_BATCH = 32
_QUANTISED = ["Conv", "Gemm", "MatMul"]
"""Operators that take nearly all the time; sums and slopes between them stay in float32."""

_SHARED_BYTES = 1024
"""Smallest tensor that is worth its place in another file."""
_REDUCED_TYPES = {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8, onnx.TensorProto.UINT8}

Images = NDArray[np.uint8]


class Precision(StrEnum):
    """Number format inside a converted graph."""

    FP16 = "fp16"
    INT8_DYNAMIC = "int8-dynamic"
    INT8_STATIC = "int8-static"


def convert(
    graph: bytes, precision: Precision, sample: Images, *, keeps_weights: bool = False
) -> bytes:
    """Convert a float32 graph; its inputs and outputs keep their types.

    Args:
        graph: The graph.
        precision: Format to convert to.
        sample: Images that `INT8_STATIC` measures activation ranges on, uint8 (N, H, W, C): never
            test images.
        keeps_weights: Whether `INT8_STATIC` leaves the weights in float32, to be quantised when a
            session is made, with the same result.

    Raises:
        ExportError: The graph is not a float32 graph: it was converted before.
    """
    if not is_float32(graph):
        raise ExportError("the graph was converted before; convert its float32 original")
    if precision is Precision.FP16:
        converted = _fp16(graph)
    else:
        converted = _int8(graph, precision, sample, keeps_weights=keeps_weights)
    onnx.checker.check_model(onnx.load_model_from_string(converted))
    return converted


def is_float32(graph: bytes) -> bool:
    """Return whether a graph has no weights in fewer bits."""
    weights = onnx.load_model_from_string(graph).graph.initializer
    return not any(weight.data_type in _REDUCED_TYPES for weight in weights)


def with_maxima(graph: bytes) -> bytes:
    """Replace each PReLU whose slopes are at most 1 by max(x, slope · x), which is the same.

    ONNX Runtime's own PReLU takes five times as long: a quarter of the int8 graph of `faces-crops`.
    """
    model = onnx.load_model_from_string(graph)
    constants = {each.name: each for each in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        slopes = constants.get(node.input[1]) if node.op_type == "PRelu" else None
        if slopes is None or numpy_helper.to_array(slopes).max() > 1:
            nodes.append(node)
            continue
        product = f"{node.output[0]}_times_slope"
        nodes.append(onnx.helper.make_node("Mul", node.input, [product]))
        nodes.append(onnx.helper.make_node("Max", [node.input[0], product], node.output))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def share_weights(graph: bytes, file: str, weights: bytes) -> bytes:
    """Let a graph's large tensors lie in the file of another graph, where it has the same ones.

    The other graph's hash is in the result, so that its own hash stands for all weights.

    Args:
        graph: The graph, with all tensors inside it.
        file: Name of the other graph's file.
        weights: Content of that file.
    """
    model = onnx.load_model_from_string(graph)
    for tensor in model.graph.initializer:
        at = weights.find(tensor.raw_data) if len(tensor.raw_data) >= _SHARED_BYTES else -1
        if at < 0:
            continue
        place = {"location": file, "offset": at, "length": len(tensor.raw_data)}
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
    del model.metadata_props[:]
    model.metadata_props.add(key="weights_sha256", value=sha256(weights))
    return bytes(model.SerializeToString())


def _fp16(graph: bytes) -> bytes:
    model = onnx.load_model_from_string(graph)
    float32 = [node.name for node in model.graph.node if node.op_type in {"Cast", "Sub", "Div"}]
    half = OnnxModel(convert_float_to_float16(model, keep_io_types=True, node_block_list=float32))
    half.topological_sort()  # The conversion appends its casts at the end.
    return bytes(half.model.SerializeToString())


def _int8(graph: bytes, precision: Precision, sample: Images, *, keeps_weights: bool) -> bytes:
    """Quantise through files, as ONNX Runtime requires, after folding norms into convolutions."""
    with tempfile.TemporaryDirectory(prefix="likewise-") as folder:
        source, prepared, target = (Path(folder) / name for name in ("a", "b", "c"))
        source.write_bytes(_with_one_opset(with_maxima(graph)))
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        if precision is Precision.INT8_DYNAMIC:
            quantize_dynamic(prepared, target, op_types_to_quantize=_QUANTISED)
        else:
            quantize_static(
                prepared,
                target,
                _Reader(onnx.load(prepared).graph.input[0].name, sample),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_QUANTISED,
                nodes_to_exclude=_first_convolution(onnx.load(prepared)),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                # Without VNNI two 8-bit products are added in 16 bits: 7-bit weights, no overflow.
                reduce_range=True,
                extra_options={"AddQDQPairToWeight": keeps_weights},
            )
        return target.read_bytes()


def _with_one_opset(graph: bytes) -> bytes:
    """Name ONNX's own operator set once: a graph that was joined of several names it repeatedly."""
    model = onnx.load_model_from_string(graph)
    opsets = {(each.domain, each.version): each for each in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(opsets.values())
    return bytes(model.SerializeToString())


def _first_convolution(model: onnx.ModelProto) -> list[str]:
    """Name the first convolution, if any: with few channels it is faster, and closer, in float32.

    Its output would be quantised, and brought back to float32 for the PReLU after it.
    """
    names = [node.name for node in model.graph.node if node.op_type == "Conv"]
    return [name for name in names[:1] if name]


class _Reader(CalibrationDataReader):  # type: ignore[misc] # ONNX Runtime carries no types
    """Reader of the sample for ONNX Runtime, in batches."""

    def __init__(self, name: str, images: Images) -> None:
        self._batches = ({name: images[i : i + _BATCH]} for i in range(0, len(images), _BATCH))

    def get_next(self) -> dict[str, Images] | None:
        """Return the next batch, or None after the last."""
        return next(self._batches, None)
