"""Bundles and runs that were made to harm whoever starts from them."""

import json
import os
import pickle
import shutil
import time

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from model.bounded_run import RunLimits
from model.bundle import open_bundle, sha256, write_bundle
from model.errors import SelfCheckError
from tests.app.encoders.test_hostile_graphs import endless_loop, huge_between
from training.data.readers.folder import read_folder
from training.errors import RunError, WeightsError
from training.evaluation.opening import system_of
from training.export.recalibrate import recalibrate
from training.runs.run_folder import RunFolder
from training.transfer import pretrained
from training.transfer.pretrained import open_weights


def replaced(exported, to, graph, **changes):
    """Write a copy of a bundle with another graph, whose hashes are right."""
    bundle = open_bundle(exported)
    stated = {"sha256": sha256(graph), "bytes": len(graph)}
    onnx_file = bundle.manifest.onnx.model_copy(update=stated)
    manifest = bundle.manifest.model_copy(update={"onnx": onnx_file, **changes})
    write_bundle(to, manifest, graph, split=bundle.split)
    return to


def altered(exported, to, change):
    """Write a copy of a bundle with one of its weights changed."""
    model = onnx.load_model_from_string(open_bundle(exported).onnx)
    tensor = max(model.graph.initializer, key=lambda tensor: len(tensor.dims))
    change(tensor)
    return replaced(exported, to, model.SerializeToString())


def spoilt(value):
    def change(tensor):
        values = numpy_helper.to_array(tensor).copy()
        values.reshape(-1)[0] = value
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))

    return change


def other_shape(tensor):
    values = numpy_helper.to_array(tensor)
    tensor.CopyFrom(numpy_helper.from_array(np.concatenate([values, values]), tensor.name))


def other_type(tensor):
    values = numpy_helper.to_array(tensor).astype(np.float64)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def lying_shape(tensor):
    tensor.dims[0] = 1 << 40


def unknown_type(tensor):
    tensor.data_type = 99


def no_data(tensor):
    tensor.ClearField("raw_data")


@pytest.mark.parametrize(
    "change",
    [
        spoilt(np.nan),
        spoilt(np.inf),
        spoilt(1e9),
        other_shape,
        other_type,
        lying_shape,
        unknown_type,
        no_data,
    ],
    ids=lambda change: change.__name__,
)
def test_weights_that_are_none_are_refused_with_a_reason(exported, tmp_path, change):
    evil = altered(exported, tmp_path / "evil", change)
    with pytest.raises(WeightsError, match=r"cannot be started from: "):
        open_weights(evil)


@pytest.mark.parametrize(
    "options",
    [
        {"depths": [1_000_000_000, 1]},
        {"widths": [8, 60_000]},
        {"dim": 1 << 40},
        {"widths": "many"},
        {"depths": [-1, None]},
        {"unknown": 1},
    ],
)
def test_a_network_of_any_size_is_refused_within_bounds(exported, tmp_path, monkeypatch, options):
    monkeypatch.setattr(pretrained, "_SECONDS", 5.0)
    bundle = open_bundle(exported)
    config = json.loads(bundle.manifest.provenance.config_json)
    config["network"]["options"] |= options
    origin = bundle.manifest.provenance.model_copy(update={"config_json": json.dumps(config)})
    evil = replaced(exported, tmp_path / "evil", bundle.onnx, provenance=origin)
    began = time.monotonic()
    with pytest.raises(WeightsError, match=r"cannot be started from: "):
        open_weights(evil)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["../../os", "os", "..", "/etc/passwd", "_code", "a.b", ""])
def test_a_network_is_named_and_never_a_path(exported, tmp_path, name):
    bundle = open_bundle(exported)
    config = json.loads(bundle.manifest.provenance.config_json)
    config["network"]["name"] = name
    origin = bundle.manifest.provenance.model_copy(update={"config_json": json.dumps(config)})
    evil = replaced(exported, tmp_path / "evil", bundle.onnx, provenance=origin)
    with pytest.raises(WeightsError, match=rf"there is no networks/{name}"):
        open_weights(evil)


@pytest.mark.parametrize("make", [endless_loop, huge_between])
def test_a_graph_that_takes_too_much_is_not_measured(exported, folder, tmp_path, monkeypatch, make):
    monkeypatch.setattr(
        "training.inference.self_check.limits_for", lambda _: RunLimits(2.0, 400_000_000)
    )
    evil = open_bundle(replaced(exported, tmp_path / "evil", make()))
    images = read_folder(folder)
    with pytest.raises(SelfCheckError):
        system_of(evil, images)
    with pytest.raises(SelfCheckError):
        recalibrate(evil, images, tmp_path / "new", 0, include_known_names=True)
    assert not (tmp_path / "new").exists()


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def save_as_pickle(state, path):
    path.write_bytes(pickle.dumps(state, protocol=2))


@pytest.mark.parametrize("write", [torch.save, save_as_pickle])
def test_a_checkpoint_runs_no_code(run, tmp_path, write):
    copy = shutil.copytree(run, tmp_path / "copy")
    write({"epoch": 1, "encoder": Harm(tmp_path / "harmed")}, copy / "checkpoint.pt")
    with pytest.raises(RunError, match="cannot be read"):
        open_weights(copy)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("state", [[], {"epoch": "1"}, torch.zeros(3), {"encoder": {}}])
def test_what_is_no_checkpoint_is_refused(run, tmp_path, state):
    copy = shutil.copytree(run, tmp_path / "copy")
    torch.save(state, copy / "checkpoint.pt")
    with pytest.raises(RunError, match="not a checkpoint"):
        RunFolder(copy).load_checkpoint()


def test_a_damaged_checkpoint_is_read_or_refused_and_never_a_crash(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    whole = (copy / "checkpoint.pt").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole[: rng.integers(len(whole))] if rng.random() < 0.3 else whole)
        for at in rng.integers(0, max(1, min(len(data), 4000)), 8):
            data[at : at + 1] = bytes([rng.integers(256)])
        (copy / "checkpoint.pt").write_bytes(data)
        try:
            RunFolder(copy).load_checkpoint()
        except RunError as error:
            assert "train again" in str(error)  # noqa: PT017 (a file may be read, too)
