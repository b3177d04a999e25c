import pytest

from model.bundle import sha256
from tests.training import synthetic
from tests.training.locator import signs
from training.errors import RunError
from training.locator import named, training_run
from training.serving_graph.locator_folder import open_locator, write_locator


def test_a_locator_is_trained_on_a_folder_by_its_name(call, tmp_path, monkeypatch, trained):
    files = {
        f"id{i}/{k}.png": synthetic.png(signs.sign(2 * i + k)) for i in range(9) for k in (0, 1)
    }
    folder = synthetic.write_files(tmp_path / "data", files)
    tiny = signs.TINY.model_copy(update={"name": "own_locator", "steps": 2})
    monkeypatch.setattr(named, "_CONFIGS", {"own_locator": tiny})
    # The export takes seconds, and is tested with its graph.
    monkeypatch.setattr(training_run, "to_onnx", lambda _: trained.graph)
    monkeypatch.setattr(training_run, "check_agreement", lambda *_: None)
    arguments = ("train", "own_locator", "--data", folder, "--out", tmp_path / "locator")
    code, text, err = call(*arguments, "--set", "batch=8")
    assert code == 0, err
    assert "batch 2/2" in text
    spec = open_locator(tmp_path / "locator").spec
    assert '"batch":8' in spec.origin.config_json
    assert spec.origin.measured["calibration_pictures"] > 0
    code, _, err = call(*arguments)
    assert code == 1
    assert "not empty" in err
    code, _, err = call(*arguments, "--set", "batches=8")
    assert code == 1
    assert "no batches" in err


def test_the_graph_of_a_locator_is_the_one_that_is_described(trained, tmp_path):
    write_locator(trained, tmp_path / "signs")
    again = open_locator(tmp_path / "signs")
    assert again == trained
    assert sha256(again.graph) == again.spec.sha256
    (tmp_path / "signs" / "locator.onnx").write_bytes(trained.graph[:-1])
    with pytest.raises(RunError, match="not the graph"):
        open_locator(tmp_path / "signs")
