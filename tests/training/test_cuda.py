"""Training on an NVIDIA GPU, by the commands of the manual."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.bundle import open_bundle
from tests.training import gpus

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.gpu


def python(*arguments):
    """Run Python in a process with visible GPUs; returns its output."""
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, *arguments],
        env=gpus.environment() | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def gpu():
    """Return the GPU's name, or skip the tests."""
    name = python(
        "-c", "import torch; print(torch.cuda.is_available() and torch.cuda.get_device_name())"
    ).strip()
    if name == "False":
        pytest.skip("no NVIDIA GPU, or a PyTorch that was built without CUDA")
    return name


def test_a_folder_is_trained_there_and_its_bundle_tells_strangers_apart(gpu, tmp_path):
    data, out, bundle = tmp_path / "data", tmp_path / "run", tmp_path / "bundle"
    python("-m", "training", "demo-data", "--out", str(data))
    command = ("-m", "training", "train", "own_folder", "--data", str(data), "--out", str(out))
    python(*command, "--minutes", "1")
    assert json.loads((out / "record.json").read_text())["device"] == gpu
    # `export` compares PyTorch with ONNX Runtime, both on the CPU, and refuses what differs.
    python("-m", "training", "export", str(out), "--to", str(bundle))
    assert open_bundle(bundle).manifest.accuracy.eer < 0.2
