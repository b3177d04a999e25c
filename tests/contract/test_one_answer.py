"""PyTorch, ONNX Runtime and the service give one answer for the same images."""

import io
from itertools import pairwise

import numpy as np
import pytest
import torch

from model.bundle import open_bundle
from model.preprocessing import preprocess
from model.scoring import energy
from tests.training import synthetic
from training.encoder import trained_encoder
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed

TOLERANCE = 1e-4
FILES = [
    *(synthetic.png(synthetic.pattern(identity, take=9)) for identity in range(6)),
    synthetic.png(synthetic.pattern(3, take=8, side=61)),
    synthetic.png(synthetic.pattern(4, take=8, side=200), "JPEG"),
]


@pytest.fixture(scope="module")
def bundle(trained):
    run, bundles = trained
    return open_bundle(bundles / run.config().name)


@pytest.fixture(scope="module")
def pixels(bundle):
    return np.stack([preprocess(file, bundle.manifest.input) for file in FILES])


@pytest.fixture(scope="module")
def from_torch(trained, pixels):
    run, _ = trained
    encoder = trained_encoder(run.config(), run.load_checkpoint())
    return embed(encoder, pixels, torch.device("cpu"))


def close(left, right):
    return np.abs(left - right).max() <= TOLERANCE * np.abs(right).max()


def test_onnx_runtime_embeds_as_torch_does(bundle, pixels, from_torch):
    assert close(OnnxEncoder(bundle.onnx).embed(pixels), from_torch)


def test_the_service_embeds_as_torch_does(served, from_torch):
    parts = [("image", (f"{i}.png", file)) for i, file in enumerate(FILES)]
    answer = served.post("/embed", files=parts, headers={"Accept": "application/x-npy"})
    assert close(np.load(io.BytesIO(answer.content)), from_torch)


def test_the_service_gives_the_energy_of_torchs_embeddings(served, bundle, from_torch):
    energies = energy(bundle.manifest.metric, from_torch[:-1], from_torch[1:])
    answered = [
        served.post("/verify", files={"image1": one, "image2": other}).json()["energy"]
        for one, other in pairwise(FILES)
    ]
    assert close(np.array(answered), energies)


def test_verify_decides_by_the_default_operating_point(served, bundle):
    point = bundle.manifest.calibration.default_point
    answer = served.post("/verify", files={"image1": FILES[0], "image2": FILES[1]}).json()
    assert answer["threshold"] == point.threshold
    assert answer["same"] == (answer["energy"] <= point.threshold)
    assert answer["operating_point"]["fnmr"] == point.test.fnmr


def test_compare_agrees_with_verify(served):
    parts = [("image", (f"{i}.png", file)) for i, file in enumerate(FILES[:2])]
    probe, other = served.post("/embed", files=parts).json()["embeddings"]
    compared = served.post("/compare", json={"probe": probe, "gallery": [other]}).json()
    verified = served.post("/verify", files={"image1": FILES[0], "image2": FILES[1]}).json()
    assert compared["energies"][0] == pytest.approx(verified["energy"], rel=1e-5)
    assert compared["same"][0] == verified["same"]
