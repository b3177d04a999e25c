import json
import sys

import pytest

from training import configs
from training.export.bundle import trained_of
from training.runs.run_folder import RunFolder

CONFIG = """
from tests.training.synthetic import config
from training.config.candidates import Candidate
CONFIG = config(images_per_identity=3, epochs=2)
CANDIDATES = (
    Candidate(name="diverging", settings=("learning_rate=1e30",)),
    Candidate(name="moving", settings=("learning_rate=0.04",)),
    Candidate(name="absent", start="no-such-bundle"),
)
"""


@pytest.fixture
def choosing(tmp_path, monkeypatch):
    """Name of a config that chooses between one that learns and one that diverges."""
    name = f"choosing_{tmp_path.name}"
    (tmp_path / "choosing").mkdir()
    (tmp_path / "choosing" / f"{name}.py").write_text(CONFIG)
    monkeypatch.setattr(configs, "__path__", [*configs.__path__, str(tmp_path / "choosing")])
    yield name
    sys.modules.pop(f"training.configs.{name}", None)


def test_the_candidate_that_learns_is_chosen_and_all_are_told(call, choosing, folder, tmp_path):
    out = tmp_path / "run"
    command = ["train", choosing, "--data", folder, "--out", out]
    code, shown, err = call(
        *command, "--minutes", 0.02, "--processor-time", "--set", "batch_size=24"
    )
    assert code == 0, err
    config = RunFolder(out).config()
    tried = config.measurement.choice.tried
    assert {each.name for each in tried if each.chosen} == {"moving"}
    assert {each.eer for each in tried if each.name == "diverging"} == {0.5}
    assert config.optimisation.epochs == 0
    assert config.optimisation.batch_size == 24
    result = trained_of(RunFolder(out))
    assert result.provenance.training_seconds == pytest.approx(sum(each.seconds for each in tried))
    assert result.provenance.parameters > 0
    assert "moving (chosen)" in shown
    assert "trained diverging" in shown


def test_zero_minutes_train_the_config_as_it_is(call, choosing, folder, tmp_path):
    code, _, err = call(
        "train", choosing, "--data", folder, "--out", tmp_path / "run", "--minutes", 0
    )
    assert code == 0, err
    assert json.loads((tmp_path / "run" / "config.json").read_text())["epochs"] == 2


def test_minutes_beside_fixed_epochs_or_for_a_config_without_candidates_are_refused(
    call, choosing, named_config, folder, tmp_path
):
    where = ("--data", folder, "--out", tmp_path / "run", "--minutes", 1)
    code, _, err = call("train", choosing, *where, "--epochs", 1)
    assert code == 2
    assert "--epochs" in err
    code, _, err = call("train", named_config, *where)
    assert code == 2
    assert "does not choose" in err


def test_a_folder_that_holds_a_run_is_refused_before_anything_is_tried(call, choosing, run, folder):
    code, shown, err = call("train", choosing, "--data", folder, "--out", run)
    assert code == 1
    assert "is not empty" in err
    assert "tried" not in shown
