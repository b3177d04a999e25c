"""Graphs of pairs and of codes that were trained and exported here, adopted without manifests."""

import onnx
import pytest
from onnx import helper

from model.bundle import open_bundle
from model.manifest import Kind
from tests.training import synthetic
from training.adoption.adopt import adopt
from training.adoption.declaration import Declaration
from training.adoption.request import Reading, Source, Terms
from training.adoption.wrapping import Answer
from training.export.presign_graph import before_sign
from training.export.recalibrate import recalibrate

IMAGES = synthetic.image_set({f"new{i:02d}": 3 for i in range(24)})


def adopted(bundle, graph, answer, to):
    """The manifest of a graph that takes images as a bundle does."""
    file = to.with_suffix(".onnx")
    file.write_bytes(graph)
    spec = bundle.manifest.input
    declared = Declaration(aspect=spec.aspect, middle=spec.middle)
    return adopt(Source.read(file, IMAGES), to, Reading(declared, answer), Terms("Ours.")).manifest


def figures(manifest):
    points = [(point.threshold, point.test.fnmr) for point in manifest.calibration.operating_points]
    return points, manifest.accuracy.eer, manifest.calibration.sample


def test_a_network_of_pairs_gets_the_figures_of_its_bundle(exported_pair, tmp_path):
    bundle = open_bundle(exported_pair)
    native = recalibrate(bundle, IMAGES, tmp_path / "native").manifest
    ours = adopted(bundle, bundle.onnx, Answer(kind=Kind.PAIR), tmp_path / "adopted")
    assert (ours.kind, ours.onnx.file) == (Kind.PAIR, "scorer.onnx")
    assert figures(ours) == figures(native)
    assert ours.golden.embedding == pytest.approx(native.golden.embedding)


def test_codes_get_the_figures_of_their_bundle(exported_codes, tmp_path):
    bundle = open_bundle(exported_codes)
    native = recalibrate(bundle, IMAGES, tmp_path / "native").manifest
    activations = before_sign(bundle.onnx)
    forms = {
        "bytes": (bundle.onnx, Answer(kind=Kind.CODES)),
        "numbers": (activations, Answer(kind=Kind.CODES)),
        "shares": (with_sigmoid(activations), Answer(kind=Kind.CODES, bit_threshold=0.5)),
    }
    for name, (graph, answer) in forms.items():
        ours = adopted(bundle, graph, answer, tmp_path / name)
        assert figures(ours) == figures(native), name
        assert ours.golden.embedding == native.golden.embedding, name


def with_sigmoid(graph):
    model = onnx.load_from_string(graph)
    output = model.graph.output[0]
    model.graph.node.append(helper.make_node("Sigmoid", [output.name], ["share"]))
    output.name = "share"
    return model.SerializeToString()
