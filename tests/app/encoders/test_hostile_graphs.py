"""Graphs that run for ever, ask for all memory or break their runtime are refused within bounds."""

import resource
import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from app.catalog.catalog import load_catalog
from app.catalog.reload import reload_catalog
from app.encoders.onnx import load_encoder
from app.encoders.pair import load_scorer
from app.settings import Provider
from app.worker.service import load_model
from model.bounded_run import RunLimits
from model.bundle import open_bundle
from model.errors import SelfCheckError
from tests import fakes

SPEC = fakes.SPEC
IMAGES = ["batch", SPEC.height, SPEC.width, SPEC.channels]
HUGE = np.array([50_000, 50_000], dtype=np.int64)
"""10 GB as float32."""


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """One second and 300 MB, so that the tests are fast."""
    for module in ("onnx", "pair"):
        monkeypatch.setattr(
            f"app.encoders.{module}.limits_for", lambda _: RunLimits(1.0, 300_000_000)
        )


def graph_of(nodes, constants, outputs, inputs=("images",)):
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info(name, TensorProto.UINT8, IMAGES) for name in inputs],
        outputs,
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", fakes.OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def embedding(shape=("batch", fakes.DIM)):
    return [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, shape)]


def mean_and_widen(name):
    """The mean of each image and that of a tensor, added, as an embedding."""
    return [
        helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["means"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("ReduceMean", [name], ["extra"], keepdims=0),
        helper.make_node("Add", ["means", "extra"], ["sum"]),
        helper.make_node("Unsqueeze", ["sum", "axis"], ["column"]),
        helper.make_node("Mul", ["column", "row"], ["embeddings"]),
    ]


CONSTANTS = {"axis": np.array([1], np.int64), "row": np.ones((1, fakes.DIM), np.float32)}


def endless_loop():
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still"]),
            helper.make_node("Cos", ["value"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["", "true", "start"], ["looped"], body=body)
    constants = CONSTANTS | {"true": np.bool_(1), "start": np.zeros(4, np.float32)}
    return graph_of([loop, *mean_and_widen("looped")], constants, embedding())


def long_products():
    """Products of matrices that take minutes, without a loop."""
    side = np.array([3000, 3000], dtype=np.int64)
    nodes = [
        helper.make_node("Cast", ["images"], ["seed"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["seed"], ["one"], keepdims=0),
        helper.make_node("Expand", ["one", "side"], ["m0"]),
        *(helper.make_node("MatMul", [f"m{i}", f"m{i}"], [f"m{i + 1}"]) for i in range(200)),
        *mean_and_widen("m200"),
    ]
    return graph_of(nodes, CONSTANTS | {"side": side}, embedding())


def huge_between():
    nodes = [
        helper.make_node("Cast", ["images"], ["seed"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["seed"], ["one"], keepdims=0),
        helper.make_node("Expand", ["one", "huge"], ["expanded"]),
        *mean_and_widen("expanded"),
    ]
    return graph_of(nodes, CONSTANTS | {"huge": HUGE}, embedding())


def huge_constant():
    """The optimiser computes it when the session is made, before any run."""
    nodes = [helper.make_node("ConstantOfShape", ["huge"], ["zeros"]), *mean_and_widen("zeros")]
    return graph_of(nodes, CONSTANTS | {"huge": HUGE}, embedding())


def huge_output():
    nodes = [
        helper.make_node("Cast", ["images"], ["seed"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["seed"], ["one"], keepdims=0),
        helper.make_node("Cast", ["one"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Mul", ["whole", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "huge"], ["shape"]),
        helper.make_node("Expand", ["one", "shape"], ["embeddings"]),
    ]
    constants = {"huge": HUGE, "none": np.zeros(2, np.int64)}
    return graph_of(nodes, constants, embedding(("batch", "wide")))


HOSTILE = {
    "an endless loop": (endless_loop, "took more than 1 s"),
    "long products": (long_products, "took more than 1 s|SIGXCPU"),
    "10 GB on the way": (huge_between, "memory|alloc"),
    "10 GB of constants": (huge_constant, "memory|alloc"),
    "10 GB of output": (huge_output, "memory|alloc"),
}


def peak_kib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def children():
    return (Path("/proc/self/task") / str(threading.get_native_id()) / "children").read_text()


def evil(models, make=endless_loop):
    return fakes.make_bundle(models, "evil", graph=make(), golden=(1.0,) * fakes.DIM)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_graph_is_refused_within_time_and_memory(tmp_path, kind):
    make, said = HOSTILE[kind]
    bundle = open_bundle(evil(tmp_path, make))
    # Servers that other tests share are children of this process too.
    others, before, began = children(), peak_kib(), time.monotonic()
    with pytest.raises(SelfCheckError, match=said):
        load_encoder(bundle, Provider.CPU)
    assert time.monotonic() - began < 30
    assert peak_kib() - before < 100_000
    assert children() == others


def test_a_hostile_pair_model_is_refused_too(tmp_path):
    loop, *_ = onnx.load_from_string(endless_loop()).graph.node
    nodes = [
        helper.make_node("Cast", [name], [f"{name}-float"], to=TensorProto.FLOAT)
        for name in ("images1", "images2")
    ]
    nodes += [
        helper.make_node("Sub", ["images1-float", "images2-float"], ["apart"]),
        helper.make_node("ReduceMean", ["apart"], ["means"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("ReduceMean", ["looped"], ["extra"], keepdims=0),
        helper.make_node("Add", ["means", "extra"], ["energies"]),
    ]
    constants = {"true": np.bool_(1), "start": np.zeros(4, np.float32)}
    output = [helper.make_tensor_value_info("energies", TensorProto.FLOAT, ["batch"])]
    graph = graph_of([loop, *nodes], constants, output, ("images1", "images2"))
    bundle = open_bundle(fakes.make_pair_bundle(tmp_path, graph=graph))
    with pytest.raises(SelfCheckError, match="took more than 1 s"):
        load_scorer(bundle, Provider.CPU)


def load(bundle):
    return load_model(bundle, Provider.CPU)


def test_a_hostile_bundle_does_not_keep_the_others_from_being_served(tmp_path):
    fakes.make_bundle(tmp_path)
    evil(tmp_path)
    catalog = load_catalog(tmp_path, "tiny", load)
    assert set(catalog.served) == {"tiny"}
    assert "took more than 1 s" in str(catalog.refused["evil"])


def test_a_hostile_bundle_that_arrives_by_a_reload_leaves_the_old_model_in_place(tmp_path):
    fakes.make_bundle(tmp_path)
    fakes.make_bundle(tmp_path, "evil")
    catalog = load_catalog(tmp_path, "tiny", load)
    evil(tmp_path, huge_between)
    reloaded = reload_catalog(catalog, tmp_path, load)
    assert reloaded.served == catalog.served
    assert "memory" in str(reloaded.refused["evil"])
