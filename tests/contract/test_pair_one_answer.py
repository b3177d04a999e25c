"""Of a pair model too, PyTorch, ONNX Runtime and the service give one answer."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from model.preprocessing import preprocess
from tests.training import synthetic
from training.encoder import trained_encoder
from training.export.bundle import export_run
from training.inference.onnx_runtime import OnnxScorer
from training.inference.pytorch import score
from training.runs.run_folder import RunFolder

TOLERANCE = 1e-4
FILES = [
    *(synthetic.png(synthetic.pattern(identity, take=9)) for identity in (0, 0, 1, 2)),
    synthetic.png(synthetic.pattern(3, take=8, side=61)),
    synthetic.png(synthetic.pattern(4, take=8, side=200), "JPEG"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a small siam on drawn patterns, its bundle beside it."""
    root = tmp_path_factory.mktemp("contract-pair")
    data = synthetic.write_files(root / "data", synthetic.files_of())
    synthetic.train(synthetic.pair("siam", epochs=2), data, root / "run")
    export_run(RunFolder(root / "run"), root / "bundles" / "pairs")
    return RunFolder(root / "run")


@pytest.fixture(scope="module")
def bundle(run):
    return open_bundle(run.path.parent / "bundles" / "pairs")


@pytest.fixture(scope="module")
def pixels(bundle):
    return np.stack([preprocess(file, bundle.manifest.input) for file in FILES])


@pytest.fixture(scope="module")
def from_torch(run, pixels):
    network = trained_encoder(run.config(), run.load_checkpoint())
    return score(network, pixels[:-1], pixels[1:], torch.device("cpu"))


@pytest.fixture(scope="module")
def client(bundle):
    settings = Settings(models_dir=bundle.folder.parent, default_model="pairs")
    with TestClient(create_app(settings)) as client:
        yield client


def close(left, right):
    return np.abs(left - right).max() <= TOLERANCE * np.abs(right).max()


def test_onnx_runtime_gives_the_energies_of_torch(bundle, pixels, from_torch):
    assert close(OnnxScorer(bundle.onnx).score(pixels[:-1], pixels[1:]), from_torch)


def test_the_service_gives_the_energies_of_torch_in_either_order(client, from_torch):
    def answered(one, other):
        return client.post("/verify", files={"image1": one, "image2": other}).json()["energy"]

    assert close(np.array([answered(one, other) for one, other in pairwise(FILES)]), from_torch)
    assert close(np.array([answered(other, one) for one, other in pairwise(FILES)]), from_torch)


def test_verify_decides_by_the_default_operating_point(client, bundle):
    point = bundle.manifest.calibration.default_point
    answer = client.post("/verify", files={"image1": FILES[0], "image2": FILES[1]}).json()
    assert answer["threshold"] == point.threshold
    assert answer["same"] == (answer["energy"] <= point.threshold)
