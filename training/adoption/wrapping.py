"""Wrapping of a foreign graph into one that a bundle holds: uint8 (batch, H, W, C) in.

All between the pixels and the network (cast, order of channels, mean, std, transpose), and between
the network and the answer (pooling, unit length, packing), becomes part of the graph, so that no
caller can do it otherwise.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, compose, helper

from model.manifest import Kind
from training.adoption.declaration import ChannelOrder, Declaration
from training.adoption.foreign_graph import OPSET, ForeignGraph, ImageInput, Layout
from training.adoption.onnx_nodes import Nodes
from training.errors import AdoptionError

_PREFIX = "network/"
_BITS = 8
_TOKEN_AXES = 3


class Pool(StrEnum):
    """Reduction of tokens, (N, tokens, dim), to one embedding."""

    NONE = "none"
    FIRST = "first"
    """The first token, of a vision transformer its class token."""
    MEAN = "mean"


@dataclass(frozen=True)
class Answer:
    """Reading of the network's output.

    Attributes:
        kind: Of the bundle.
        pool: Reduction of tokens.
        normalise: Whether embeddings get unit length: L2 then orders pairs as the cosine does.
        higher_is_same: Whether a network of pairs answers a similarity, which is negated.
        bit_threshold: Activation above which a bit of a code is 1: 0, or 0.5 after a sigmoid.
    """

    kind: Kind = Kind.ENCODER
    pool: Pool = Pool.NONE
    normalise: bool = False
    higher_is_same: bool = False
    bit_threshold: float = 0.0


def wrap(graph: ForeignGraph, declared: Declaration, answer: Answer) -> bytes:
    """Wrap a graph; the result is an ONNX graph as bundles hold it (see docs/calibrate.md).

    Args:
        graph: The opened graph.
        declared: Of its input.
        answer: Reading of its output.

    Raises:
        AdoptionError: The declaration or the reading does not fit the graph.
    """
    _check_declared(graph, declared)
    _check_answer(graph, answer)
    names = ["images"] if len(graph.inputs) == 1 else ["images1", "images2"]
    whole = compose.add_prefix(graph.model, _PREFIX)
    for name, given in zip(names, graph.inputs, strict=True):
        before = _before(name, given, declared, graph.model.ir_version)
        joint = (before.graph.output[0].name, _PREFIX + given.name)
        # The graphs are merged at their first inputs, so that the rest stay free.
        whole = compose.merge_models(before, whole, io_map=[joint])
    after = _after(graph, answer)
    whole = compose.merge_models(whole, after, io_map=[(_PREFIX + graph.output.name, "raw")])
    return _clean(_ordered_inputs(whole, names))


def image_size(graph: ForeignGraph, declared: Declaration) -> tuple[int, int]:
    """Return height and width of the input: the graph's own, or as declared where it is free.

    Raises:
        AdoptionError: Neither says it, or they contradict each other.
    """
    given = graph.inputs[0]
    height = _side("height", given.height, declared.height)
    return height, _side("width", given.width, declared.width)


def _side(name: str, own: int | None, declared: int | None) -> int:
    if own is not None and declared is not None and own != declared:
        raise AdoptionError(f"the graph's {name} is {own}, and {declared} is declared")
    side = own or declared
    if side is None:
        raise AdoptionError(f"the graph leaves its {name} free; give --size HEIGHT WIDTH")
    return side


def _check_declared(graph: ForeignGraph, declared: Declaration) -> None:
    given = graph.inputs[0]
    if given.is_float and not declared.mean:
        raise AdoptionError(
            "the graph takes float pixels, and cannot say of which range: give --mean and --std, "
            "or --preprocessing with the publisher's file"
        )
    if not given.is_float and declared.mean:
        raise AdoptionError(
            "the graph takes uint8 pixels as they are; --mean and --std do not apply to it"
        )
    if declared.mean and len(declared.mean) not in {1, given.channels}:
        raise AdoptionError(
            f"{len(declared.mean)} means are declared; the graph takes {given.channels} channel(s)"
        )


def _check_answer(graph: ForeignGraph, answer: Answer) -> None:
    is_pair = len(graph.inputs) > 1
    if is_pair is not (answer.kind is Kind.PAIR):
        raise AdoptionError(f"a graph of {len(graph.inputs)} input(s) is not of kind {answer.kind}")
    if graph.output_rank == _TOKEN_AXES and answer.pool is Pool.NONE and not is_pair:
        raise AdoptionError(
            "the output has 3 axes, as the tokens of a transformer have; say by --pool first or "
            "--pool mean how they become one embedding"
        )
    if is_pair and (answer.normalise or answer.pool is not Pool.NONE):
        raise AdoptionError("a network of pairs has no embedding for --normalise or --pool")
    if answer.higher_is_same and not is_pair:
        raise AdoptionError("--higher-is-same is of a network of pairs; an encoder's energy is l2")
    if graph.answers_bytes and answer.kind is not Kind.CODES:
        raise AdoptionError("the graph answers bytes, packed bits: adopt it with --kind codes")
    if answer.bit_threshold and (answer.kind is not Kind.CODES or graph.answers_bytes):
        raise AdoptionError("--bit-threshold is of --kind codes, where the graph answers numbers")
    if answer.kind is Kind.CODES and not graph.answers_bytes:
        _check_whole_bytes(graph.output_numbers)


def _check_whole_bytes(numbers: int | None) -> None:
    if numbers is not None and numbers % _BITS:
        raise AdoptionError(f"the output has {numbers} numbers; a code has a multiple of 8 bits")


def _before(name: str, given: ImageInput, declared: Declaration, ir_version: int) -> ModelProto:
    """Build the graph from uint8 images, (batch, H, W, C), to the network's own input."""
    part = Nodes()
    height, width = given.height or declared.height, given.width or declared.width
    value = name
    if declared.mean:
        value = _normalised(part, name, declared.per_channel(given.channels))
    if given.layout is Layout.NCHW:
        value = part.add("Transpose", [value], f"{name}/planes", perm=[0, 3, 1, 2])
    if given.dtype == TensorProto.FLOAT16:
        value = part.add("Cast", [value], f"{name}/half", to=TensorProto.FLOAT16)
    value = part.add("Identity", [value], f"{name}/prepared")
    shape: list[str | int | None] = ["batch", height, width, given.channels]
    planes: list[str | int | None] = ["batch", given.channels, height, width]
    graph = helper.make_graph(
        part.nodes,
        f"before {name}",
        [helper.make_tensor_value_info(name, TensorProto.UINT8, shape)],
        [
            helper.make_tensor_value_info(
                value, given.dtype, planes if given.layout is Layout.NCHW else shape
            )
        ],
        part.constants,
    )
    return _model(graph, ir_version)


def _normalised(part: Nodes, name: str, declared: Declaration) -> str:
    value = part.add("Cast", [name], f"{name}/float", to=TensorProto.FLOAT)
    if declared.order is ChannelOrder.BGR and len(declared.mean) > 1:
        turned = part.constant(f"{name}/bgr", np.array([2, 1, 0], dtype=np.int64))
        value = part.add("Gather", [value, turned], f"{name}/turned", axis=3)
    mean = part.constant(f"{name}/mean", np.array(declared.mean, dtype=np.float32))
    std = part.constant(f"{name}/std", np.array(declared.std, dtype=np.float32))
    value = part.add("Sub", [value, mean], f"{name}/centred")
    return part.add("Div", [value, std], f"{name}/scaled")


def _after(graph: ForeignGraph, answer: Answer) -> ModelProto:
    """Build the graph from the network's output to the bundle's answer."""
    part = Nodes()
    value, dtype = "raw", TensorProto.FLOAT
    shape: list[str | None] = ["batch", None]
    if graph.output_dtype not in {TensorProto.FLOAT, TensorProto.UINT8}:
        value = part.add("Cast", [value], "answer/float", to=TensorProto.FLOAT)
    if answer.kind is Kind.PAIR:
        value = _energies(part, value, higher_is_same=answer.higher_is_same)
        name, shape = "energies", shape[:1]
    elif answer.kind is Kind.CODES:
        value = _codes(part, value, graph.output_dtype, answer.bit_threshold)
        dtype = TensorProto.UINT8
        name = "embeddings"
    else:
        value = _embeddings(part, value, answer)
        name = "embeddings"
    part.add("Identity", [value], name)
    built = helper.make_graph(
        part.nodes,
        "after",
        [helper.make_tensor_value_info("raw", graph.output_dtype, None)],
        [helper.make_tensor_value_info(name, dtype, shape)],
        part.constants,
    )
    return _model(built, graph.model.ir_version)


def _embeddings(part: Nodes, value: str, answer: Answer) -> str:
    if answer.pool is Pool.FIRST:
        first = part.constant("answer/first", np.array(0, dtype=np.int64))
        value = part.add("Gather", [value, first], "answer/token", axis=1)
    elif answer.pool is Pool.MEAN:
        axes = part.constant("answer/axes", np.array([1], dtype=np.int64))
        value = part.add("ReduceMean", [value, axes], "answer/mean", keepdims=0)
    value = part.add("Flatten", [value], "answer/flat", axis=1)
    if answer.normalise:
        value = part.add("LpNormalization", [value], "answer/unit", axis=1, p=2)
    return value


def _energies(part: Nodes, value: str, *, higher_is_same: bool) -> str:
    if higher_is_same:
        value = part.add("Neg", [value], "answer/negated")
    shape = part.constant("answer/shape", np.array([-1], dtype=np.int64))
    return part.add("Reshape", [value, shape], "answer/flat")


def _codes(part: Nodes, value: str, dtype: int, bit_threshold: float) -> str:
    """Pack the bits of activations, first bit highest; bytes are taken as they are."""
    if dtype == TensorProto.UINT8:
        return part.add("Flatten", [value], "answer/flat", axis=1)
    threshold = part.constant("answer/threshold", np.array(bit_threshold, dtype=np.float32))
    value = part.add("Flatten", [value], "answer/flat", axis=1)
    bits = part.add("Greater", [value, threshold], "answer/above")
    bits = part.add("Cast", [bits], "answer/bits", to=TensorProto.FLOAT)
    shape = part.constant("answer/octets", np.array([0, -1, _BITS], dtype=np.int64))
    octets = part.add("Reshape", [bits, shape], "answer/by_eight")
    places = part.constant("answer/places", 2.0 ** np.arange(_BITS - 1, -1, -1, dtype=np.float32))
    packed = part.add("MatMul", [octets, places], "answer/packed")
    return part.add("Cast", [packed], "answer/bytes", to=TensorProto.UINT8)


def _model(graph: onnx.GraphProto, ir_version: int) -> ModelProto:
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def _ordered_inputs(model: ModelProto, names: list[str]) -> ModelProto:
    by_name = {value.name: value for value in model.graph.input}
    del model.graph.input[:]
    model.graph.input.extend(by_name[name] for name in names)
    return model


def _clean(model: ModelProto) -> bytes:
    """Serialise a graph without notes, which may hold paths of the publisher's machine."""
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    model.ClearField("metadata_props")
    model.producer_name = "likewise"
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        reason = str(error).strip().splitlines()[0]
        raise AdoptionError(f"the graph cannot be wrapped: {reason}") from error
    return bytes(model.SerializeToString())
