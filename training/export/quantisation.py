"""Conversion of a graph to fp16, and to int8 by ONNX Runtime's quantisation.

int8 static (per-channel weights, activation ranges measured on calibration images: Jacob et al.
2018) speeds up convolutions; int8 dynamic measures the ranges in every run. The first operations
(uint8 to scaled float) and the last (unit length) cost little and stay in float32, so that the
embedding's scale is exact.
"""

import tempfile
from enum import StrEnum
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
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

from training.errors import ExportError

_BATCH = 32
_QUANTISED = ["Conv", "Gemm", "MatMul"]
"""Operators that take nearly all the time; sums and slopes between them stay in float32."""

_REDUCED_TYPES = {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8, onnx.TensorProto.UINT8}

Images = NDArray[np.uint8]


class Precision(StrEnum):
    """Number format inside a converted graph."""

    FP16 = "fp16"
    INT8_DYNAMIC = "int8-dynamic"
    INT8_STATIC = "int8-static"


def convert(graph: bytes, precision: Precision, sample: Images) -> bytes:
    """Convert a float32 graph; its inputs and outputs keep their types.

    `INT8_STATIC` measures activation ranges on the sample, uint8 (N, H, W, C): never test images.

    Raises:
        ExportError: The graph is not a float32 graph: it was converted before.
    """
    weights = onnx.load_model_from_string(graph).graph.initializer
    if any(weight.data_type in _REDUCED_TYPES for weight in weights):
        raise ExportError("the graph was converted before; convert its float32 original")
    converted = _fp16(graph) if precision is Precision.FP16 else _int8(graph, precision, sample)
    onnx.checker.check_model(onnx.load_model_from_string(converted))
    return converted


def _fp16(graph: bytes) -> bytes:
    model = onnx.load_model_from_string(graph)
    float32 = [node.name for node in model.graph.node if node.op_type in {"Cast", "Sub", "Div"}]
    half = OnnxModel(convert_float_to_float16(model, keep_io_types=True, node_block_list=float32))
    half.topological_sort()  # The conversion appends its casts at the end.
    return bytes(half.model.SerializeToString())


def _int8(graph: bytes, precision: Precision, sample: Images) -> bytes:
    """Quantise through files, as ONNX Runtime requires, after folding norms into convolutions."""
    with tempfile.TemporaryDirectory(prefix="likewise-") as folder:
        source, prepared, target = (Path(folder) / name for name in ("a", "b", "c"))
        source.write_bytes(graph)
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
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                # Without VNNI two 8-bit products are added in 16 bits: 7-bit weights, no overflow.
                reduce_range=True,
            )
        return target.read_bytes()


class _Reader(CalibrationDataReader):  # type: ignore[misc] # ONNX Runtime carries no types
    """Reader of the sample for ONNX Runtime, in batches."""

    def __init__(self, name: str, images: Images) -> None:
        self._batches = ({name: images[i : i + _BATCH]} for i in range(0, len(images), _BATCH))

    def get_next(self) -> dict[str, Images] | None:
        """Return the next batch, or None after the last."""
        return next(self._batches, None)
