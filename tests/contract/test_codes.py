"""A bundle of codes: PyTorch, ONNX Runtime and the service give the same bits and energies."""

import io
from itertools import pairwise

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from model.manifest import Kind, Metric
from model.preprocessing import preprocess
from tests.training import synthetic
from training.encoder import trained_encoder
from training.export.bundle import export_run
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.runs.run_folder import RunFolder

BITS = 16
FILES = [
    *(synthetic.png(synthetic.pattern(identity, take=9)) for identity in range(7)),
    synthetic.png(synthetic.pattern(3, take=8, side=61)),
    synthetic.png(synthetic.pattern(4, take=8, side=200), "JPEG"),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run whose embeddings are codes, and the folder of bundles with what it exports."""
    root = tmp_path_factory.mktemp("codes")
    data = synthetic.write_files(root / "data", synthetic.files_of())
    config = synthetic.codes(epochs=2)
    synthetic.train(config, data, root / "run")
    export_run(RunFolder(root / "run"), root / "bundles" / config.name)
    return RunFolder(root / "run"), root / "bundles"


@pytest.fixture(scope="module")
def bundle(trained):
    run, bundles = trained
    return open_bundle(bundles / run.config().name)


@pytest.fixture(scope="module")
def client(trained):
    run, bundles = trained
    settings = Settings(models_dir=bundles, default_model=run.config().name)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="module")
def pixels(bundle):
    return np.stack([preprocess(file, bundle.manifest.input) for file in FILES])


@pytest.fixture(scope="module")
def bits(trained, pixels):
    """The signs of PyTorch's activations, bool (images, bits)."""
    run, _ = trained
    encoder = trained_encoder(run.config(), run.load_checkpoint())
    activations = embed(encoder, pixels, torch.device("cpu"))
    # None so near 0 that another order of summing could turn it: the comparison is of every bit.
    assert np.abs(activations).min() > 1e-6 * np.abs(activations).max()
    return activations > 0


@pytest.fixture(scope="module")
def packed(bits):
    """Eight bits to a byte, the first one highest, written out."""
    octets = bits.reshape(len(bits), BITS // 8, 8)
    places = [128, 64, 32, 16, 8, 4, 2, 1]
    return np.array([[sum(octet * places) for octet in row] for row in octets], dtype=np.uint8)


@pytest.fixture(scope="module")
def energies(bits):
    """How many bits each image's code differs in from the next one's."""
    return [int(np.sum(one != other)) for one, other in pairwise(bits)]


def test_the_bundle_says_that_it_gives_codes(bundle):
    manifest = bundle.manifest
    assert (manifest.kind, manifest.metric) == (Kind.CODES, Metric.HAMMING)
    assert manifest.embedding_dim == BITS // 8


def test_the_codes_tell_images_apart(bits, energies):
    assert len(np.unique(bits, axis=0)) > 3
    assert max(energies) > 0


def test_onnx_runtime_gives_torchs_bits(bundle, pixels, packed):
    answer = OnnxEncoder(bundle.onnx).embed(pixels)
    assert answer.dtype == np.uint8
    np.testing.assert_array_equal(answer, packed)


def test_embed_gives_torchs_bits_as_npy_and_as_json(client, packed):
    parts = [("image", (f"{i}.png", file)) for i, file in enumerate(FILES)]
    as_npy = client.post("/embed", files=parts, headers={"Accept": "application/x-npy"})
    answer = np.load(io.BytesIO(as_npy.content))
    assert answer.dtype == np.uint8
    np.testing.assert_array_equal(answer, packed)
    as_json = client.post("/embed", files=parts).json()
    assert as_json["embeddings"] == packed.tolist()
    assert as_json["dim"] == BITS // 8


def test_verify_counts_the_bits_that_differ(client, bundle, energies):
    threshold = bundle.manifest.calibration.default_point.threshold
    for (one, other), expected in zip(pairwise(FILES), energies, strict=True):
        answer = client.post("/verify", files={"image1": one, "image2": other}).json()
        assert answer["energy"] == expected
        assert answer["same"] == (expected <= threshold)


def test_compare_counts_the_bits_that_differ(client, bits, packed):
    answer = client.post(
        "/compare", json={"probe": packed[0].tolist(), "gallery": packed.tolist()}
    ).json()
    assert answer["energies"] == [int(np.sum(code != bits[0])) for code in bits]
    assert answer["same"][0] is True
