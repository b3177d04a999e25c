"""Small ONNX graphs of others, each made by a formula that a test can compute itself."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, HALF, BYTES = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8


def model(nodes, inputs, outputs, weights=(), opset=18):
    """Serialise a graph; inputs and outputs are (name, type, shape), weights name: array."""
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in dict(weights).items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def channel_means(layout="nchw", dtype=FLOAT, opset=18, batch="n", side=(6, 8)):
    """An encoder whose embedding is the mean of each channel of its own input."""
    height, width = side
    planes = layout == "nchw"
    shape = [batch, 3, height, width] if planes else [batch, height, width, 3]
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3] if planes else [1, 2], keepdims=0),
        helper.make_node("Reshape", ["m", "shape"], ["y"]),
    ]
    weights = {"shape": np.array([1 if batch == 1 else -1, 3])}
    if opset >= 18:
        nodes[0] = helper.make_node("ReduceMean", ["x", "axes"], ["m"], keepdims=0)
        weights["axes"] = np.array([2, 3] if planes else [1, 2])
    return model(nodes, [("x", dtype, shape)], [("y", dtype, [batch, 3])], weights, opset)


def projection(numbers, dtype=FLOAT, side=24, seed=1):
    """An encoder of grey images: a random projection of the pixels."""
    weight = np.random.default_rng(seed).standard_normal((side * side, numbers)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"], axis=1),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    shape = ["n", 1, side, side]
    return model(nodes, [("x", dtype, shape)], [("y", dtype, ["n", numbers])], {"w": weight})


def mixing_batch():
    """An encoder whose embeddings depend on the other images of the batch."""
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"], axis=1),
        helper.make_node("ReduceMean", ["f", "axes"], ["m"], keepdims=1),
        helper.make_node("Sub", ["f", "m"], ["y"]),
    ]
    shape = ["n", 1, 24, 24]
    outputs = [("y", FLOAT, ["n", 576])]
    return model(nodes, [("x", FLOAT, shape)], outputs, {"axes": np.array([0])})


def tokens():
    """A transformer's output: for each image one token for each row of pixels."""
    nodes = [helper.make_node("Squeeze", ["x", "axes"], ["y"])]
    shape = ["n", 1, 5, 4]
    return model(nodes, [("x", FLOAT, shape)], [("y", FLOAT, ["n", 5, 4])], {"axes": np.array([1])})


def similarity(side=24):
    """A network of pairs: minus the mean squared difference, so that higher is same."""
    nodes = [
        helper.make_node("Sub", ["a", "b"], ["d"]),
        helper.make_node("Mul", ["d", "d"], ["s"]),
        helper.make_node("ReduceMean", ["s", "axes"], ["m"], keepdims=0),
        helper.make_node("Neg", ["m"], ["y"]),
    ]
    shape = ["n", 1, side, side]
    inputs = [("a", FLOAT, shape), ("b", FLOAT, shape)]
    return model(nodes, inputs, [("y", FLOAT, ["n"])], {"axes": np.array([1, 2, 3])})


def two_classes(side=24):
    """A network of pairs that answers two numbers for each pair: different, and same."""
    nodes = [
        helper.make_node("Sub", ["a", "b"], ["d"]),
        helper.make_node("Abs", ["d"], ["s"]),
        helper.make_node("Flatten", ["s"], ["f"], axis=1),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    shape = ["n", 1, side, side]
    inputs = [("a", FLOAT, shape), ("b", FLOAT, shape)]
    weight = np.array([[1, -1]], dtype=np.float32).repeat(side * side, axis=0)
    return model(nodes, inputs, [("y", FLOAT, ["n", 2])], {"w": weight})
