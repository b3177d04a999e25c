import pytest
import torch

from tests.training import synthetic
from tests.training.fit.test_trainer import RECORD
from training.data.split import IdentitySplit
from training.errors import RunError
from training.runs.run_folder import RunFolder

SPLIT = IdentitySplit(train=("a", "b"), calibration=("c",), test=("d",))


@pytest.fixture
def run(tmp_path):
    made = RunFolder(tmp_path / "runs" / "new")
    made.create(synthetic.config(), RECORD, SPLIT)
    return made


def test_what_was_written_is_what_is_read(run):
    assert run.config() == synthetic.config()
    assert run.record() == RECORD
    assert run.split() == SPLIT
    assert run.history() == []
    assert run.load_checkpoint() is None


def test_an_empty_folder_is_taken(tmp_path):
    RunFolder(tmp_path).create(synthetic.config(), RECORD, SPLIT)
    assert RunFolder(tmp_path).split() == SPLIT


def test_a_folder_that_holds_something_is_not_taken(tmp_path):
    (tmp_path / "notes.txt").write_text("precious")
    with pytest.raises(RunError, match="not empty"):
        RunFolder(tmp_path).create(synthetic.config(), RECORD, SPLIT)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_run_is_not_begun_twice(run):
    with pytest.raises(RunError, match="--resume"):
        run.create(synthetic.config(), RECORD, SPLIT)


def test_a_folder_that_is_no_run_is_an_error(tmp_path):
    for read in (RunFolder(tmp_path).config, RunFolder(tmp_path).record, RunFolder(tmp_path).split):
        with pytest.raises(RunError, match="not a run folder"):
            read()


@pytest.mark.parametrize("text", ["{}", "not JSON", '{"name": "x"}'])
def test_a_config_of_another_version_is_an_error_in_one_line(run, text):
    (run.path / "config.json").write_text(text)
    with pytest.raises(RunError, match="another version") as caught:
        run.config()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["not JSON", "[1]", '{"train": []}', '{"a": []}', "3"])
def test_a_damaged_split_is_an_error(run, text):
    (run.path / "split.json").write_text(text)
    with pytest.raises(RunError):
        run.split()


def test_a_checkpoint_is_read_as_it_was_written(run):
    run.save_checkpoint({"epoch": 3, "encoder": {"w": torch.arange(5.0)}})
    state = run.load_checkpoint()
    assert state["epoch"] == 3
    assert torch.equal(state["encoder"]["w"], torch.arange(5.0))


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before_it(run):
    run.save_checkpoint({"epoch": 1, "w": torch.zeros(3)})
    (run.path / "checkpoint.pt.new").symlink_to("/dev/full")  # A full disk.
    with pytest.raises(RunError, match="the previous one is kept"):
        run.save_checkpoint({"epoch": 2, "w": torch.zeros(100_000)})
    assert run.load_checkpoint()["epoch"] == 1
    assert not (run.path / "checkpoint.pt.new").is_symlink()


def test_what_a_kill_left_half_written_is_passed_over(run):
    run.save_checkpoint({"epoch": 1})
    (run.path / "checkpoint.pt.new").write_bytes(b"half")
    assert run.load_checkpoint()["epoch"] == 1
    run.save_checkpoint({"epoch": 2})
    assert run.load_checkpoint()["epoch"] == 2


@pytest.mark.parametrize("data", [b"", b"garbage" * 50, b"PK\x03\x04 cut"])
def test_a_damaged_checkpoint_is_an_error(run, data):
    (run.path / "checkpoint.pt").write_bytes(data)
    with pytest.raises(RunError, match="cannot be read"):
        run.load_checkpoint()


def test_a_checkpoint_that_would_run_code_is_an_error(run):
    torch.save({"epoch": print}, run.path / "checkpoint.pt")
    with pytest.raises(RunError, match="cannot be read"):
        run.load_checkpoint()


def test_the_history_is_replaced_as_a_whole(run):
    run.write_history([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    run.write_history([{"epoch": 1, "loss": 0.5}])
    assert run.history() == [{"epoch": 1, "loss": 0.5}]
    assert not list(run.path.glob("*.new"))


def test_a_run_that_was_killed_while_it_began_can_be_begun_again(tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "record.json").write_text("{}")
    (out / "split.json.new").write_text("{")
    made = RunFolder(out)
    made.create(synthetic.config(), RECORD, SPLIT)
    assert made.record() == RECORD
