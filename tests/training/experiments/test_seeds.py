import pytest

from model.bundle import open_bundle
from tests.training import synthetic
from training.console import console
from training.errors import RunError
from training.experiments.seeds import record_seeds, recorded
from training.results.record import read_records
from training.runs.run_folder import RunFolder

CONFIG = synthetic.codes(epochs=1, seed=7, images_per_identity=3)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("seeds")


@pytest.fixture(scope="module")
def records(folder, place):
    return run_again(CONFIG, folder, place, place / "records")


def run_again(config, folder, place, to, seeds=2):
    return tuple(record_seeds(config, folder, seeds, place / "runs", records=to, console=console))


def test_each_seed_is_recorded_from_the_configs_own_on(records, place):
    assert [record.seed for record in records] == [7, 8]
    assert read_records(place / "records") == records


def test_the_split_is_the_own_seeds_and_the_weights_are_not(records, place):
    first, second = (RunFolder(place / "runs" / f"seed{seed}" / "run") for seed in (7, 8))
    assert first.split() == second.split()
    assert first.config().recipe == second.config().recipe
    assert records[0].det.protocol == records[1].det.protocol
    graphs = [open_bundle(place / "runs" / f"seed{seed}" / "patterns").onnx for seed in (7, 8)]
    assert graphs[0] != graphs[1]


def test_what_is_recorded_is_not_trained_again(records, folder, place):
    assert run_again(CONFIG, folder, place / "nowhere", place / "records") == records
    assert not (place / "nowhere").exists()


def test_a_killed_call_goes_on_from_its_runs(records, folder, place):
    [again] = run_again(CONFIG, folder, place, place / "anew", seeds=1)
    assert again.trained_at == records[0].trained_at
    assert again.figures == records[0].figures


def test_a_record_of_something_else_is_not_taken(records, place):
    path = place / "records" / "patterns-seed7.json"
    sha256 = records[0].data_sha256
    assert recorded(path, CONFIG, sha256) == records[0]
    assert recorded(path, CONFIG, "0" * 64) is None
    assert recorded(path, CONFIG.model_copy(update={"epochs": 2}), sha256) is None
    assert recorded(place / "none.json", CONFIG, sha256) is None


@pytest.mark.usefixtures("records")
def test_a_folder_of_other_runs_is_refused(folder, place, tmp_path):
    other = CONFIG.model_copy(update={"epochs": 2})
    with pytest.raises(RunError, match="begun with another config"):
        run_again(other, folder, place, tmp_path)
