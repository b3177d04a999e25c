import json
import shutil

import pytest

from tests.training import synthetic
from tests.training.fit.test_trainer import assert_same
from training.config.sections import SplitConfig
from training.data.split import split_identities
from training.errors import DataError, RunError, SplitError
from training.fit.plan import TrainingPlan, plan_training
from training.runs.run_folder import RunFolder


def test_a_run_folder_holds_all_that_it_was_made_from(run, folder):
    made = RunFolder(run)
    assert made.config().name == "patterns"
    assert made.record().data == str(folder)
    assert made.record().data_name == "data"
    assert {"torch", "numpy", "python"} <= set(made.record().libraries)
    assert [entry["epoch"] for entry in made.history()] == [1, 2, 3]
    assert made.load_checkpoint()["epoch"] == 3
    assert list(made.tensorboard.glob("events.*"))


def test_turned_forms_are_trained_on_only_where_the_config_says_so_and_only_of_the_training_part():
    images = synthetic.image_set({f"p{i:02d}": 2 for i in range(12)})
    split = split_identities(images, SplitConfig(), 0)
    plain, turned = (
        TrainingPlan(synthetic.config(quarter_turns=turns), images, split).training_images
        for turns in (False, True)
    )
    assert plain.identities == split.train
    assert len(turned) == 4 * len(plain)
    assert {name.split("@")[0] for name in turned.identities} == set(split.train)


def test_the_parts_of_the_split_are_disjoint_and_written_by_name(run):
    parts = json.loads((run / "split.json").read_text())
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 10,
        "calibration": 5,
        "test": 5,
    }
    assert len({name for part in parts.values() for name in part}) == 20


def test_a_folder_that_is_taken_is_refused(run, folder):
    before = (run / "checkpoint.pt").read_bytes()
    with pytest.raises(RunError, match="not empty"):
        synthetic.train(synthetic.config(), folder, run)
    assert (run / "checkpoint.pt").read_bytes() == before


def test_data_that_cannot_be_used_leaves_no_run_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        synthetic.train(synthetic.config(), tmp_path / "empty", tmp_path / "run")
    few = synthetic.write_files(tmp_path / "few", synthetic.files_of(3, 2))
    with pytest.raises(SplitError):
        synthetic.train(synthetic.config(), few, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_finished_run_is_resumed_to_itself(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    synthetic.resume(copy)
    assert_same(RunFolder(copy).load_checkpoint(), RunFolder(run).load_checkpoint())


def test_a_run_is_resumed_with_data_that_was_moved(run, folder, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    moved = shutil.copytree(folder, tmp_path / "moved")
    (copy / "checkpoint.pt").unlink()
    synthetic.resume(copy, data=moved)
    assert_same(RunFolder(copy).load_checkpoint(), RunFolder(run).load_checkpoint())


def test_a_run_is_not_resumed_with_other_data(run, folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "id00" / "9.png").write_bytes(synthetic.png(synthetic.pattern(0, 9)))
    with pytest.raises(RunError, match=r"not what .* began with"):
        synthetic.resume(run, data=other)


def test_a_folder_that_is_no_run_is_not_resumed(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        synthetic.resume(tmp_path)


def test_a_large_calibration_part_is_measured_on_some_of_its_identities(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("training.data.image_set.MAX_IMAGES", 12)
    monkeypatch.setattr("training.metrics.pairs.MAX_IMAGES", 12)
    synthetic.train(synthetic.config(epochs=1), folder, tmp_path / "run")
    assert len(RunFolder(tmp_path / "run").history()) == 1


def test_a_plan_names_what_spoils_its_figures(tmp_path):
    files = synthetic.files_of(10, 3)
    files["id03/copy.png"] = files["id02/0.png"]
    data = synthetic.write_files(tmp_path / "data", files)
    notice = plan_training(synthetic.config(), data).notice
    assert "1 files are under several identities" in notice
    assert "the test part has 2 identities" in notice
