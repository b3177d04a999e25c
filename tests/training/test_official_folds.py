import json
import shutil

import pytest
from pydantic import ValidationError
from rich.console import Console

from model.bundle import identity_digest, open_bundle
from tests.training import lfw_like, synthetic
from training import configs
from training.config.schema import TrainingConfig
from training.config.sections import CommonStart, SplitConfig
from training.errors import ConfigError, SplitError, WeightsError
from training.experiments.cross_validation import plan_folds
from training.fit.trainer import Trainer
from training.registry import Component
from training.runs.run_folder import RunFolder
from training.transfer.pretrained import open_weights

CONFIG = synthetic.config(
    epochs=1,
    split=SplitConfig(official_folds=True, calibration=0.25),
    protocols=(Component(name="lfw_view2"),),
)
COMMON = CONFIG.model_copy(
    update={"common_start": CommonStart(groups=1, epochs=2, learning_rate=0.1)}
)
FIGURE = "accuracy on the unseen fold of LFW View 2, threshold from other unseen people"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return lfw_like.write_lfw_like(tmp_path_factory.mktemp("lfw") / "data")


@pytest.fixture
def named(tmp_path, monkeypatch):
    """Puts CONFIG beside the shipped ones, as a file; gives its name."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "tiny_view2.py").write_text(
        "from tests.training.test_official_folds import CONFIG\n"
    )
    monkeypatch.setattr(configs, "__path__", [*configs.__path__, str(tmp_path / "configs")])
    return "tiny_view2"


def test_folds_are_trained_here_and_there_and_recorded_when_all_are_there(
    call, named, data, tmp_path
):
    here, there, records = tmp_path / "here", tmp_path / "there", tmp_path / "records"
    folds = ("folds", named, "--data", data, "--to", records)
    code, out, err = call(*folds, "--out", there, "--only", 1)
    assert code == 0, err
    assert "1 of 2 folds are done" in out
    assert f"missing in {there}: fold0." in out
    code, out, err = call(*folds, "--out", here, "--only", 0)
    assert code == 0, err
    assert f"missing in {here}: fold1." in out
    assert not records.exists()
    shutil.copytree(there / "fold1", here / "fold1")
    code, out, err = call(*folds, "--out", here)
    assert code == 0, err
    assert "epoch" not in out  # Nothing is trained again.
    document = json.loads((records / "patterns-2-folds-seed0.json").read_text())
    (view2,) = [f for f in document["figures"] if f["name"] == f"{FIGURE}, mean of 2 folds"]
    assert view2["trials"] == 2 * 8
    assert 0 <= view2["value"] <= 1
    assert view2["standard_error"] is not None
    for fold in range(2):
        _check_nobody_tested_was_seen(here / f"fold{fold}", fold)


def _check_nobody_tested_was_seen(folder, fold):
    split = open_bundle(folder / "bundle").split
    tested = {identity_digest(f"p{4 * fold + i:02d}") for i in range(4)}
    assert split.test == tested
    everybody = {identity_digest(name) for name in lfw_like.PEOPLE}
    assert split.train | split.calibration == everybody - tested
    assert not split.train & split.calibration
    assert RunFolder(folder / "run").split().digests() == split


def test_folds_go_on_from_a_common_start_that_has_seen_nobody_whom_they_test(data, tmp_path):
    out = tmp_path / "runs"
    planned = plan_folds(COMMON, data, out)
    assert planned.missing == (0, 1)
    planned.train(Console(quiet=True), only=[1])
    assert planned.missing == (0,)
    start = RunFolder(out / "start0" / "run")
    assert (start.config().optimisation.epochs, start.config().optimisation.learning_rate) == (
        2,
        0.1,
    )
    known = start.digests()
    tested = {identity_digest(f"p{i:02d}") for i in range(8)}
    assert known.test == tested
    assert not (known.train | known.calibration) & tested
    trained_at = (out / "start0" / "run" / "checkpoint.pt").stat().st_mtime_ns
    planned.train(Console(quiet=True))
    assert (out / "start0" / "run" / "checkpoint.pt").stat().st_mtime_ns == trained_at
    for fold in range(2):
        _check_nobody_tested_was_seen(out / f"fold{fold}", fold)
        made = open_bundle(out / f"fold{fold}" / "bundle").manifest.provenance
        assert made.initial_weights.name == "patterns"
        assert open_bundle(out / f"fold{fold}" / "bundle").split.calibration == known.calibration
    record = planned.record()
    runs = [start, *(RunFolder(out / f"fold{fold}" / "run") for fold in range(2))]
    assert record.training_seconds == pytest.approx(
        sum(e["seconds"] for r in runs for e in r.history())
    )


def test_a_common_start_that_was_killed_is_gone_on_with(data, tmp_path, monkeypatch):
    planned = plan_folds(COMMON, data, tmp_path)
    watched = iter([0.5])
    with monkeypatch.context() as killed:
        killed.setattr(Trainer, "_calibration_eer", lambda _: next(watched))
        with pytest.raises(StopIteration):
            planned.train(Console(quiet=True), only=[0])
    run = planned.starts[0].run
    assert len(run.history()) == 1
    assert planned.missing == (0, 1)
    planned.train(Console(quiet=True), only=[0])
    assert [epoch["epoch"] for epoch in run.history()] == [1, 2]
    assert run.history()[0]["calibration EER"] == 0.5  # The first epoch was not trained again.
    assert planned.missing == (1,)


def test_a_common_start_needs_the_data_sets_own_folds():
    asked = synthetic.config().model_dump() | {"common_start": {"epochs": 1, "learning_rate": 0.1}}
    with pytest.raises(ValidationError, match="it needs split"):
        TrainingConfig.model_validate(asked)


def test_a_training_of_its_single_split_is_refused(call, named, data, tmp_path):
    code, _, err = call("train", named, "--data", data, "--out", tmp_path / "run")
    assert code == 1
    assert "by `python -m training folds`" in err
    assert not (tmp_path / "run").exists()


def test_any_weights_to_begin_with_are_refused(data, exported, tmp_path):
    weights = open_weights(exported)
    with pytest.raises(WeightsError, match="without outside data"):
        plan_folds(weights.adopted(CONFIG), data, tmp_path, weights=weights)


def test_another_number_of_folds_is_refused(data, tmp_path):
    assert len(plan_folds(CONFIG, data, tmp_path, folds=2).splits) == 2
    with pytest.raises(ConfigError, match="2 folds of its own"):
        plan_folds(CONFIG, data, tmp_path, folds=8)


def test_data_without_folds_is_refused(folder, tmp_path):
    with pytest.raises(SplitError, match="no folds of its own"):
        plan_folds(CONFIG, folder, tmp_path)
