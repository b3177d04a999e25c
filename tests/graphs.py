"""Bundles with a second graph of the same encoder, which shares its weights."""

from itertools import pairwise

import numpy as np
import onnx
from onnx import helper, numpy_helper

from model.bundle import open_bundle, sha256, write_bundle
from model.golden import golden_image
from model.manifest import OnnxFile, Precision
from model.other_graphs.files import GraphFiles
from tests import fakes

MAIN, OTHER = "encoder.onnx", "encoder.int8.onnx"
SHARED = "weights"
_UNIT = 1.5
"""Of the second graph's thresholds, in units of the first one's."""


def rounded(graph):
    """The graph with weights rounded to a sixteenth: embeddings a little off the graph's own."""
    model = onnx.load_from_string(graph)
    for node in model.graph.node:
        node.input[:] = ["rounded" if name == SHARED else name for name in node.input]
    nodes = [
        helper.make_node("Mul", [SHARED, "sixteen"], ["large"]),
        helper.make_node("Round", ["large"], ["whole"]),
        helper.make_node("Div", ["whole", "sixteen"], ["rounded"]),
        *model.graph.node,
    ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.append(numpy_helper.from_array(np.float32(16), "sixteen"))
    return model.SerializeToString()


def slowed(graph, turns=150):
    """The same graph, with sines of every pixel that make nothing but work."""
    model = onnx.load_from_string(graph)
    names = ["float", *(f"sine{turn}" for turn in range(turns))]
    nodes = [helper.make_node("Sin", [a], [b]) for a, b in pairwise(names)]
    nodes += [
        helper.make_node("ReduceMean", [names[-1]], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nought"], ["nothing"]),
        helper.make_node("Add", ["embeddings_", "nothing"], ["embeddings"]),
    ]
    model.graph.initializer.append(numpy_helper.from_array(np.float32(0), "nought"))
    model.graph.node[-1].output[0] = "embeddings_"
    model.graph.node.extend(nodes)
    return model.SerializeToString()


def shared(graph, main, file=MAIN, **place):
    """The graph with its large tensor as a place in the file of the main one."""
    model = onnx.load_from_string(graph)
    for tensor in model.graph.initializer:
        if tensor.name == SHARED:
            at = {"location": file, "offset": main.find(tensor.raw_data)}
            at |= {"length": len(tensor.raw_data)} | place
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            for key, value in at.items():
                tensor.external_data.add(key=key, value=str(value))
    return model.SerializeToString()


def second(manifest, graph, main=None, golden=None, **changes):
    """The files of the second graph, made from a graph, with the weights of the main one."""
    written = shared(rounded(graph), graph if main is None else main)
    images = golden_image(manifest.input)[np.newaxis]
    answer = fakes.run_reference(rounded(graph), images).reshape(-1)
    calibration, accuracy = fakes.make_figures(_UNIT)
    file = OnnxFile(
        file=OTHER,
        sha256=sha256(written),
        bytes=len(written),
        opset=manifest.onnx.opset,
        precision=Precision.INT8,
    )
    fields = {
        "onnx": file,
        "golden": manifest.golden.model_copy(
            update={"embedding": tuple(map(float, answer if golden is None else golden))}
        ),
        "calibration": calibration,
        "accuracy": accuracy,
        "graphs": None,
    }
    own = type(manifest).model_validate(dict(manifest) | fields | changes)
    return GraphFiles(own, written)


def make_bundle(models_dir, name="tiny", *, slow=True, graph=None, write=write_bundle, **choices):
    """Write a bundle with two graphs; the first one is slow by default.

    `graph` is what the second one is made from; `choices` go to `second`.
    """
    plain = fakes.encoder_graph()
    of_second = plain if graph is None else graph
    graph = slowed(plain) if slow else plain
    manifest = fakes.make_manifest(graph, name=name)
    file = manifest.onnx.model_copy(update={"precision": Precision.FP32})
    manifest = manifest.model_copy(update={"onnx": file})
    other = second(manifest, of_second, graph, **choices)
    manifest = type(manifest).model_validate(dict(manifest) | {"graphs": (other.reference,)})
    write(models_dir / name, manifest, graph, others=[other])
    return models_dir / name


def opened(models_dir, name="tiny", **choices):
    """The bundle that `make_bundle` writes, opened."""
    return open_bundle(make_bundle(models_dir, name, **choices))
