from tests.training import synthetic
from training.runs.run_folder import RunFolder


def test_a_training_begins_with_a_bundle_and_goes_on_only_as_it_began(
    call, named_config, exported, tmp_path
):
    files = {f"new-{name}": data for name, data in synthetic.files_of(16, 3).items()}
    data, out = synthetic.write_files(tmp_path / "data", files), tmp_path / "run"
    command = ["train", named_config, "--out", out, "--set", "network.options.dropout=0.25"]
    code, _, err = call(*command, "--init", exported, "--data", data, "--epochs", 1)
    assert code == 0, err
    run = RunFolder(out)
    assert run.record().initial_weights.name == "patterns"
    assert run.config().network.options["dropout"] == 0.25
    code, _, err = call(*command, "--init", exported, "--resume")
    assert code == 0, err
    code, _, err = call(*command, "--init", out, "--resume")
    assert code == 1
    assert "was begun with those of patterns 0.1.0" in err


def test_a_run_that_began_at_random_is_not_given_weights_later(call, named_config, run, exported):
    code, _, err = call("train", named_config, "--out", run, "--init", exported, "--resume")
    assert code == 1
    assert "was begun with random weights" in err


def test_weights_that_are_not_there_are_an_error_in_one_line(call, named_config, folder, tmp_path):
    code, _, err = call(
        *("train", named_config, "--data", folder, "--out", tmp_path / "run"),
        *("--init", tmp_path / "nothing"),
    )
    assert code == 1
    assert err.startswith("training: ")
    assert err.count("\n") == 1
