import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from model.bundle import open_bundle
from tests.training import synthetic
from training import commands
from training.cli import CommandFolder
from training.config.named import config_names
from training.report.verdict import verdict_of_manifest
from training.runs.run_folder import RunFolder


def test_a_folder_is_trained_exported_and_evaluated(call, named_config, folder, tmp_path):
    run, bundle, report = tmp_path / "run", tmp_path / "bundle", tmp_path / "report"
    code, out, err = call("train", named_config, "--data", folder, "--out", run, "--seed", 3)
    assert code == 0, err
    assert "40 images of 10 identities" in out
    assert "epoch 2/2" in out
    assert RunFolder(run).config().seed == 3
    code, out, err = call("export", run, "--to", bundle)
    assert code == 0, err
    assert f"wrote {bundle}: {bundle.name} 0.1.0" in out
    assert out.startswith("opening the run and its data\nwriting the graph, and comparing it")
    said = re.findall(r"EER .*", out)
    verdict = verdict_of_manifest(open_bundle(bundle).manifest).sentence
    assert verdict in out
    code, out, err = call("evaluate", bundle, "--data", folder, "--out", report)
    assert code == 0, err
    assert verdict in out
    assert re.findall(r"EER .*", out) == said * 2  # Measured anew, and as the manifest has it.
    assert "not the data" not in out
    document = json.loads((report / "evaluation.json").read_text())
    manifest = open_bundle(bundle).manifest
    assert document["accuracy"] == json.loads(manifest.accuracy.model_dump_json())
    assert (report / "report.html").exists()
    table = [line for line in out.splitlines() if "│ equal error" in line]
    assert f"{manifest.calibration.operating_points[-1].threshold:.4g}" in table[0]


def test_other_data_is_said_to_be_other_data(call, exported, tmp_path):
    data = synthetic.write_files(
        tmp_path / "other", {f"new/{name}": data for name, data in synthetic.files_of(4, 2).items()}
    )
    # These identities have the names of the training's, one folder deeper: rename them too.
    for identity in sorted((data / "new").iterdir()):
        identity.rename(identity.with_name(f"new-{identity.name}"))
    code, out, err = call("evaluate", exported, "--data", data)
    assert code == 0, err
    assert "not the data that the bundle was calibrated on" in out


def test_it_says_its_version(call):
    assert call("--version") == (0, f"likewise {version('likewise')}\n", "")


@pytest.mark.parametrize(
    "command", [["--help"], ["--version"], ["configs"], ["check-data", "--help"]]
)
def test_light_commands_load_neither_torch_nor_matplotlib(command):
    code = (
        "import atexit, sys; sys.argv[0] = 'training'\n"
        "from training.cli import main\n"
        "atexit.register(lambda: print('loaded:', *sys.modules, file=sys.stderr)); main()"
    )
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.partition("loaded:")[2].split())
    assert "training.cli" in loaded
    assert not loaded & {"torch", "matplotlib", "sklearn", "onnx"}


def test_a_helper_beside_the_commands_is_no_command(tmp_path, monkeypatch):
    (tmp_path / "_shared.py").write_text("")
    (tmp_path / "do_more.py").write_text("")
    monkeypatch.setattr(commands, "__path__", [str(tmp_path)])
    assert CommandFolder().list_commands(None) == ["do-more"]


def test_the_configs_are_listed(call):
    code, out, _ = call("configs")
    assert code == 0
    assert all(name in out for name in config_names())


def test_resume_goes_on_with_a_run(call, run, named_config, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "config.json").write_text(
        RunFolder(run).config().model_copy(update={"epochs": 4}).model_dump_json()
    )
    code, out, err = call("train", named_config, "--out", copy, "--resume")
    assert code == 0, err
    assert "from epoch 4" in out
    assert "epoch 4/4" in out
    assert "epoch 3/4" not in out


def test_a_run_does_not_go_on_as_another(call, run, named_config):
    changes = (["--seed", 9], ["--epochs", 9], ["--set", "network.options.dropout=0.4"])
    for arguments in (["faces"], *([named_config, *change] for change in changes)):
        code, _, err = call("train", *arguments, "--out", run, "--resume")
        assert code == 1
        assert "was begun with" in err


def test_what_is_set_is_recorded_and_goes_on(call, named_config, folder, tmp_path):
    out = tmp_path / "run"
    command = ["train", named_config, "--out", out, "--set", "network.options.dropout=0.4"]
    command += ["--set", "epochs=1"]
    code, _, err = call(*command, "--data", folder)
    assert code == 0, err
    assert RunFolder(out).config().network.options["dropout"] == 0.4
    assert "--set network.options.dropout=0.4" in RunFolder(out).record().command
    assert RunFolder(out).config().settings == ("epochs=1", "network.options.dropout=0.4")
    code, _, err = call(*command, "--resume")
    assert code == 0, err


def test_resume_of_nothing_begins(call, named_config, folder, tmp_path):
    out = tmp_path / "run"
    code, _, err = call(
        "train", named_config, "--data", folder, "--out", out, "--resume", "--epochs", 1
    )
    assert code == 0, err
    assert len(RunFolder(out).history()) == 1


ERRORS = {
    "an unknown config": ("train", "nothing", "--data", "{folder}", "--out", "{tmp}/run"),
    "data that is not there": ("train", "{config}", "--data", "{tmp}/no", "--out", "{tmp}/run"),
    "an empty folder": ("train", "{config}", "--data", "{tmp}/empty", "--out", "{tmp}/run"),
    "a run folder that is taken": ("train", "{config}", "--data", "{folder}", "--out", "{run}"),
    "a run folder that is a file": ("train", "{config}", "--data", "{folder}", "--out", "{file}"),
    "no epochs": (
        *("train", "{config}", "--data", "{folder}", "--out", "{tmp}/run"),
        *("--epochs", "0"),
    ),
    "a zip that is none": ("train", "{config}", "--data", "{file}", "--out", "{tmp}/run"),
    "no run": ("export", "{tmp}/empty", "--to", "{tmp}/bundle"),
    "a place that is no bundle": ("export", "{run}", "--to", "{folder}"),
    "a place that cannot be written": ("export", "{run}", "--to", "{file}/bundle"),
    "no bundle": ("evaluate", "{tmp}/empty", "--data", "{folder}"),
    "a report in a file": ("evaluate", "{bundle}", "--data", "{folder}", "--out", "{file}"),
}


@pytest.mark.parametrize("arguments", ERRORS.values(), ids=ERRORS)
def test_a_foreseen_error_is_one_line_and_exit_code_1(  # noqa: PLR0913, PLR0917 (its fixtures)
    call, arguments, folder, run, exported, named_config, tmp_path
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("a file")
    places = {"folder": folder, "run": run, "bundle": exported, "config": named_config}
    places |= {"tmp": tmp_path, "file": tmp_path / "file"}
    code, _, err = call(*(argument.format(**places) for argument in arguments))
    assert code == 1
    assert err.startswith("training: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", [name for name in ERRORS if name.startswith("a place")])
def test_a_bad_place_is_refused_before_the_work(call, name, folder, run, tmp_path):
    (tmp_path / "file").write_text("a file")
    places = {"folder": folder, "run": run, "file": tmp_path / "file"}
    code, out, _ = call(*(argument.format(**places) for argument in ERRORS[name]))
    assert (code, out) == (1, "")


@pytest.mark.parametrize(
    "arguments",
    [("train",), ("train", "faces", "--out", "run"), ("evaluate", "x"), ("fly",)],
    ids=" ".join,
)
def test_a_wrong_command_line_is_exit_code_2(call, arguments):
    code, *_ = call(*arguments)
    assert code == 2


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell runs with `&`
sys.argv = ["training", "train", "tiny", "--data", {folder!r}, "--out", {out!r}]
from tests.training import synthetic
from training import cli
from training.commands import train
train.load_config = lambda *_: synthetic.config(epochs=100_000)
cli.main()
"""


def test_an_interrupt_says_how_to_go_on(folder, tmp_path):
    out = tmp_path / "run"
    process = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", INTERRUPTED.format(folder=str(folder), out=str(out))],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not (out / "checkpoint.pt").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "training: stopped; continue with --resume"
    assert "Traceback" not in err
    assert RunFolder(out).load_checkpoint()["epoch"] >= 1


WITHOUT_TYPER = """
import runpy, sys
sys.modules["typer"] = None
runpy.run_module("training", run_name="__main__")
"""


def test_without_the_training_part_a_sentence_says_how_to_install_it():
    command = [sys.executable, "-c", WITHOUT_TYPER]
    done = subprocess.run(  # noqa: S603 (our own code)
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "make .venv/.dev" in done.stderr
