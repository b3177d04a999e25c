"""ONNX graph of others, before it is wrapped: its input and output, and what has to be mended.

The graph may be of any opset that ONNX's own converter reads, of float16 or float32, of either
layout, with a batch that is free or fixed. What cannot be wrapped is refused with what to do.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto, ValueInfoProto, numpy_helper, version_converter

from model.errors import IntegrityError
from model.external_data import check_self_contained
from training.errors import AdoptionError

OPSET = 18
"""The ONNX operator set of every adopted graph."""
_STANDARD = frozenset({"", "ai.onnx"})
_IMAGE_AXES = 4
_CHANNELS = (1, 3)
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


class Layout(StrEnum):
    """Order of the axes of a batch of images."""

    NCHW = "nchw"
    NHWC = "nhwc"


@dataclass(frozen=True)
class ImageInput:
    """An input for a batch of images.

    Attributes:
        name: In the graph.
        layout: Order of its axes.
        height: In pixels; None where the graph leaves it free.
        width: In pixels; None where the graph leaves it free.
        channels: 1 or 3.
        dtype: ONNX's number of the type of its elements.
    """

    name: str
    layout: Layout
    height: int | None
    width: int | None
    channels: int
    dtype: int

    @property
    def is_float(self) -> bool:
        """True for float pixels, which have to be declared; otherwise they are uint8."""
        return self.dtype in _FLOATS


@dataclass(frozen=True)
class ForeignGraph:
    """A graph that can be wrapped: opset 18, one chosen output, a free batch.

    Attributes:
        model: The graph.
        inputs: One, or two of a network of pairs.
        output: The chosen output.
        reshapes_freed: Number of Reshape nodes that held a batch of one.
        subnormals: Number of weights that were subnormal and are 0 now.
    """

    model: ModelProto
    inputs: tuple[ImageInput, ...]
    output: ValueInfoProto
    reshapes_freed: int
    subnormals: int

    @property
    def output_rank(self) -> int:
        """Number of axes of the chosen output; 0 where the graph does not say it."""
        return len(self.output.type.tensor_type.shape.dim)

    @property
    def output_numbers(self) -> int | None:
        """Size of the chosen output's last axis; None where the graph does not say it."""
        sizes = _sizes(self.output)
        return sizes[-1] if sizes else None

    @property
    def output_dtype(self) -> int:
        """ONNX's number of the type of the chosen output's elements."""
        return int(self.output.type.tensor_type.elem_type)

    @property
    def answers_bytes(self) -> bool:
        """True where the graph answers packed bits itself."""
        return self.output_dtype == TensorProto.UINT8

    @property
    def parameters(self) -> int:
        """Number of weights, constants included."""
        return int(sum(np.prod(tensor.dims) for tensor in self.model.graph.initializer))


def open_graph(data: bytes, output: str | None = None) -> ForeignGraph:
    """Read a graph and mend what can be mended without changing what it computes.

    Args:
        data: The file's bytes.
        output: Name of the output that is the embedding; None where there is one only.

    Raises:
        AdoptionError: The bytes are no such graph, or it cannot be wrapped.
    """
    model = _convert(_parse(data))
    inputs = tuple(_image_input(value) for value in _real_inputs(model))
    _check_inputs(inputs)
    chosen = _choose_output(model, output)
    freed = _free_batch(model)
    return ForeignGraph(model, inputs, chosen, freed, _flush_subnormals(model))


def _parse(data: bytes) -> ModelProto:
    try:
        check_self_contained(data)
        model = onnx.load_model_from_string(data)
        onnx.checker.check_model(model)
    except IntegrityError as error:
        raise AdoptionError(str(error)) from error
    except (DecodeError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines() or ["it cannot be parsed"]
        raise AdoptionError(f"the encoder is not a valid ONNX graph: {reason[0]}") from error
    foreign = {node.domain for node in model.graph.node} - _STANDARD
    if foreign:
        raise AdoptionError(
            f"the graph uses operators of {', '.join(sorted(foreign))}, which are not ONNX's own; "
            "export it with standard operators alone"
        )
    return model


def _convert(model: ModelProto) -> ModelProto:
    """Bring a graph to our opset, with free inputs only: older graphs list weights as inputs."""
    opset = next(o.version for o in model.opset_import if o.domain in _STANDARD)
    if opset < OPSET:
        try:
            model = version_converter.convert_version(model, OPSET)
        except (RuntimeError, onnx.checker.ValidationError) as error:
            raise AdoptionError(
                f"the graph of opset {opset} cannot be converted to opset {OPSET} "
                f"({str(error).strip().splitlines()[0]}); export it again with a newer opset"
            ) from error
    inputs = _real_inputs(model)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model


def _real_inputs(model: ModelProto) -> list[ValueInfoProto]:
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def _sizes(value: ValueInfoProto) -> list[int | None]:
    """Sizes of a value's axes; None for each that is free."""
    dims = value.type.tensor_type.shape.dim
    return [dim.dim_value if dim.dim_value > 0 else None for dim in dims]


def _image_input(value: ValueInfoProto) -> ImageInput:
    shape, dtype = _sizes(value), value.type.tensor_type.elem_type
    if len(shape) != _IMAGE_AXES:
        raise AdoptionError(
            f"the graph's input {value.name} has {len(shape)} axes; a batch of images has 4"
        )
    if dtype not in (*_FLOATS, TensorProto.UINT8):
        raise AdoptionError(
            f"the graph's input {value.name} is of type {TensorProto.DataType.Name(dtype)}; an "
            "image is float or uint8"
        )
    layout = _layout(value.name, shape)
    channels = shape[1] if layout is Layout.NCHW else shape[3]
    height, width = shape[2:] if layout is Layout.NCHW else shape[1:3]
    assert channels is not None  # noqa: S101 (`_layout` has seen it)
    return ImageInput(value.name, layout, height, width, channels, dtype)


def _layout(name: str, shape: list[int | None]) -> Layout:
    first, last = shape[1] in _CHANNELS, shape[3] in _CHANNELS
    if first == last:
        raise AdoptionError(
            f"of the shape {shape} of the graph's input {name} neither the second nor the last "
            "axis alone is 1 or 3 channels; export it with a fixed number of channels"
        )
    return Layout.NCHW if first else Layout.NHWC


def _check_inputs(inputs: tuple[ImageInput, ...]) -> None:
    if len(inputs) not in {1, 2}:
        raise AdoptionError(
            f"the graph has {len(inputs)} inputs; an encoder takes one image, a network of pairs "
            "takes two"
        )
    if len({(i.layout, i.height, i.width, i.channels, i.dtype) for i in inputs}) > 1:
        raise AdoptionError("the two inputs of the graph differ in shape or type")


def _choose_output(model: ModelProto, name: str | None) -> ValueInfoProto:
    """Keep one output, of the given name."""
    outputs = {value.name: value for value in model.graph.output}
    if name is None and len(outputs) > 1:
        raise AdoptionError(
            f"the graph has {len(outputs)} outputs ({', '.join(outputs)}); say which is the "
            "embedding by --output"
        )
    chosen = outputs.get(name or next(iter(outputs)))
    if chosen is None:
        raise AdoptionError(f"the graph has no output {name}; it has {', '.join(outputs)}")
    kept = ValueInfoProto()
    kept.CopyFrom(chosen)
    del model.graph.output[:]
    model.graph.output.append(kept)
    return kept


def _free_batch(model: ModelProto) -> int:
    """Free the batch axis; return the number of Reshape nodes that held a batch of one."""
    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim
        if dims:
            dims[0].Clear()
            dims[0].dim_param = "batch"
    del model.graph.value_info[:]
    constants = _constants(model)
    freed = 0
    for node in model.graph.node:
        target = constants.get(node.input[1]) if node.op_type == "Reshape" else None
        if target is None or len(target) < 2 or target[0] != 1:  # noqa: PLR2004 (batch and more)
            continue
        # 0 copies the batch of what is reshaped; -1 may stand once only.
        shape = np.array([0 if -1 in target[1:] else -1, *target[1:]], dtype=np.int64)
        name = f"{node.input[1]}.free_batch.{freed}"
        model.graph.initializer.append(numpy_helper.from_array(shape, name))
        node.input[1] = name
        freed += 1
    _remove_unused_weights(model)
    return freed


def _remove_unused_weights(model: ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    if len(kept) < len(model.graph.initializer) and not _has_subgraphs(model):
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)


def _has_subgraphs(model: ModelProto) -> bool:
    """Return whether a node holds a graph, which may use any weight."""
    return any(a.HasField("g") or a.graphs for node in model.graph.node for a in node.attribute)


def _constants(model: ModelProto) -> dict[str, Any]:
    """Return the values of weights and of Constant nodes, by name; small ones only."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer if len(tensor.dims) == 1}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensors[node.output[0]] = node.attribute[0].t
    return {name: numpy_helper.to_array(tensor).reshape(-1) for name, tensor in tensors.items()}


def _flush_subnormals(model: ModelProto) -> int:
    """Set subnormal weights to 0; return their number.

    No answer changes by more than 1e-38 of an activation, and a processor takes up to 100 times as
    long for a product with one.
    """
    tiny, count = np.finfo(np.float32).tiny, 0
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        is_subnormal = (np.abs(values) < tiny) & (values != 0)
        if is_subnormal.any():
            count += int(is_subnormal.sum())
            flushed = np.where(is_subnormal, np.float32(0), values)
            tensor.CopyFrom(numpy_helper.from_array(flushed, tensor.name))
    return count
