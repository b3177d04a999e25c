"""The int8 graph beside a bundle's own, and the commands that make or keep it."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from model.bundle import open_bundle
from model.golden import check_golden
from model.manifest import Precision
from tests.training import synthetic
from training.data.decoding import decode
from training.data.source import open_data
from training.errors import ExportError
from training.export.bundle import export_run
from training.export.convert import add_int8
from training.export.int8_graph import FILE, Graphs, make_int8, training_sample
from training.export.quantisation import with_maxima
from training.export.recalibrate import measure_graph, recalibrate
from training.export.reexport import renew
from training.inference.onnx_runtime import OnnxEncoder
from training.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def images(folder):
    return open_data(folder)


@pytest.fixture(scope="module")
def both(run, tmp_path_factory):
    """The bundle of `run` with both graphs, opened; not to be changed."""
    to = tmp_path_factory.mktemp("both") / "patterns"
    export_run(RunFolder(run), to, graphs=Graphs.BOTH)
    return open_bundle(to)


@pytest.fixture(scope="module")
def int8(both):
    [other] = both.graphs
    return other


def test_each_graph_has_its_own_self_check_and_figures(both, int8, run, images):
    assert (both.manifest.onnx.precision, int8.manifest.onnx.precision) == ("fp32", "int8")
    for each in (both, int8):
        check_golden(each.manifest.golden, each.manifest.input, OnnxEncoder(each.onnx).embed)
    figures = measure_graph(int8.manifest, int8.onnx, images, RunFolder(run).split())
    assert int8.manifest.calibration == figures.calibration
    assert int8.manifest.accuracy == figures.accuracy
    assert int8.manifest.calibration != both.manifest.calibration


def test_the_bundles_own_graph_and_figures_are_as_without_int8(both, exported):
    alone = open_bundle(exported)
    assert both.onnx == alone.onnx
    assert alone.graphs == ()
    changes = {"graphs": None}
    assert both.manifest.model_copy(update=changes) == alone.manifest


def test_the_weights_are_there_once(both):
    tensors = onnx.load_from_string(both.onnx).graph.initializer
    shared = sum(len(each.raw_data) for each in tensors if len(each.raw_data) >= 1024)
    saved = len(both.graphs[0].onnx) - (both.folder / FILE).stat().st_size
    assert 0.9 * shared < saved < 1.1 * shared


def test_the_embeddings_are_those_of_the_encoder_within_rounding(both, int8, images):
    pixels = decode(images, both.manifest.input).pixels
    one, other = (OnnxEncoder(each.onnx).embed(pixels) for each in (both, int8))
    assert (one * other).sum(axis=1).min() > 0.98
    assert np.abs(one - other).max() > 1e-4


def test_ranges_are_those_of_training_images(both, images, run):
    """Calibration images choose, and test images count: neither may shape the graph."""
    split = RunFolder(run).split()
    sample = training_sample(images, split, both.manifest.input)
    known = decode(split.take(images, "train"), both.manifest.input).pixels
    assert {each.tobytes() for each in sample} <= {each.tobytes() for each in known}


def test_calibration_elsewhere_keeps_both_graphs_byte_for_byte(both, int8, tmp_path):
    files = {f"new-{name}": data for name, data in synthetic.files_of(12).items()}
    new = open_data(synthetic.write_files(tmp_path / "new", files))
    recalibrate(both, new, tmp_path / "anew")
    anew = open_bundle(tmp_path / "anew")
    assert anew.graphs[0].manifest.onnx == int8.manifest.onnx
    assert anew.graphs[0].onnx == int8.onnx
    assert anew.graphs[0].manifest.calibration != int8.manifest.calibration
    recalibrate(both, new, tmp_path / "alone", graphs=Graphs.FP32)
    assert open_bundle(tmp_path / "alone").graphs == ()


def test_a_renewal_adds_an_int8_graph_and_the_next_one_keeps_it(
    named_config, folder, tmp_path, images
):
    synthetic.train(synthetic.config(name=named_config), folder, tmp_path / "run")
    export_run(RunFolder(tmp_path / "run"), tmp_path / "a")
    first = renew(open_bundle(tmp_path / "a"), images, tmp_path / "a", graphs=Graphs.BOTH)
    again = renew(open_bundle(tmp_path / "a"), images, tmp_path / "a", graphs=Graphs.BOTH)
    assert first.graphs == again.graphs is not None
    assert renew(open_bundle(tmp_path / "a"), images, tmp_path / "a").graphs is None


def test_an_int8_graph_is_added_to_a_bundle_that_stays_as_it_is(exported, images, tmp_path):
    before = open_bundle(exported)
    add_int8(before, images, tmp_path / "patterns")
    after = open_bundle(tmp_path / "patterns")
    assert after.onnx == before.onnx
    assert after.manifest.calibration == before.manifest.calibration
    assert after.graphs[0].manifest.onnx.precision is Precision.INT8


def test_a_graph_that_decides_worse_in_int8_is_left_out(both, images, run, monkeypatch):
    monkeypatch.setattr("training.export.int8_graph._WORSE", -1.0)
    monkeypatch.setattr("training.export.int8_graph._LEAST_WORSE", -1.0)
    worse = both.manifest.calibration.model_copy(update={"eer": 0.5})
    alone = both.manifest.model_copy(update={"graphs": None, "calibration": worse})
    made = make_int8(alone, both.onnx, images, RunFolder(run).split())
    assert made.files is None
    assert "the calibration EER is" in made.reason
    with pytest.raises(ExportError, match="calibration EER"):
        add_int8(replace(both, manifest=alone), images, both.folder.parent / "other")


def with_support(manifest, *, supported):
    """Return a manifest all of whose targets are supported, or none but that of equal errors."""
    points = tuple(
        point.model_copy(update={"supported": supported or point.target_fmr is None})
        for point in manifest.calibration.operating_points
    )
    calibration = manifest.calibration.model_copy(update={"operating_points": points})
    return manifest.model_copy(update={"graphs": None, "calibration": calibration})


def test_an_int8_graph_supports_no_target_that_the_bundles_own_graph_does_not(both, images, run):
    alone = with_support(both.manifest, supported=False)
    made = make_int8(alone, both.onnx, images, RunFolder(run).split())
    calibration = made.files.manifest.calibration
    supported = [each.supported for each in calibration.operating_points]
    assert supported == [False] * (len(supported) - 1) + [True]
    assert calibration.default == len(supported) - 1


def test_a_graph_that_supports_fewer_targets_in_int8_is_left_out(both, images, run):
    alone = with_support(both.manifest, supported=True)
    made = make_int8(alone, both.onnx, images, RunFolder(run).split())
    assert made.files is None
    assert "does not support a target FMR of 0.0001, 0.001" in made.reason


def test_only_float32_encoders_are_quantised(exported_pair, images, run):
    pair = open_bundle(exported_pair)
    assert make_int8(pair.manifest, pair.onnx, images, RunFolder(run).split()).files is None


@pytest.mark.parametrize("steepest", [0.9, 1.1])
def test_a_prelu_becomes_a_maximum_where_that_is_the_same(steepest):
    slopes = np.linspace(-1, steepest, 4, dtype=np.float32).reshape(4, 1, 1)
    node = helper.make_node("PRelu", ["x", "slopes"], ["y"])
    shape = helper.make_tensor_value_info("x", 1, ["n", 4, 5, 5])
    answer = helper.make_tensor_value_info("y", 1, ["n", 4, 5, 5])
    constants = [numpy_helper.from_array(slopes, "slopes")]
    graph = helper.make_graph([node], "g", [shape], [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    changed = with_maxima(model.SerializeToString())
    x = np.random.default_rng(0).standard_normal((2, 4, 5, 5)).astype(np.float32)
    before, after = (
        onnx.reference.ReferenceEvaluator(each).run(None, {"x": x})[0]
        for each in (model, onnx.load_from_string(changed))
    )
    assert (before == after).all()
    assert ("Max" in {each.op_type for each in onnx.load_from_string(changed).graph.node}) is (
        steepest <= 1
    )
