"""PyTorch, the int8 graph and the service give one answer; a bundle's two graphs are not mixed."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings, WantedPrecision
from model.bundle import open_bundle
from model.golden import golden_image
from model.preprocessing import preprocess
from tests.training import synthetic
from training.export.bundle import export_run
from training.export.int8_graph import Graphs
from training.inference.onnx_runtime import OnnxEncoder

PRECISIONS = ["fp32", "int8"]


@pytest.fixture(scope="module")
def bundle(trained, tmp_path_factory):
    run, _ = trained
    to = tmp_path_factory.mktemp("two") / run.config().name
    export_run(run, to, graphs=Graphs.BOTH)
    return open_bundle(to)


@pytest.fixture(scope="module", params=PRECISIONS)
def graph(request, bundle):
    return dict(zip(PRECISIONS, (bundle, *bundle.graphs), strict=True))[request.param]


@pytest.fixture(scope="module")
def client(graph):
    settings = Settings(
        models_dir=graph.folder.parent,
        default_model=graph.folder.name,
        precision=WantedPrecision(graph.manifest.onnx.precision),
    )
    with TestClient(create_app(settings)) as client:
        yield client


def embed(client, *files):
    parts = [("image", file) for file in files]
    answer = client.post("/embed", files=parts, headers={"Accept": "application/x-npy"})
    assert answer.status_code == 200
    return np.load(io.BytesIO(answer.content)), answer.headers


def test_each_graph_answers_its_golden_embedding_over_http(client, graph):
    golden, spec = graph.manifest.golden, graph.manifest.input
    pixels = golden_image(spec)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if spec.channels == 1 else pixels).save(file, "PNG")
    [answer], headers = embed(client, file.getvalue())
    scale = np.abs(golden.embedding).max()
    assert np.abs(answer - golden.embedding).max() <= 1e-4 * scale
    assert headers["x-model-precision"] == graph.manifest.onnx.precision
    assert headers["x-model-sha256"] == graph.manifest.onnx.sha256


def test_the_service_embeds_as_the_graph_does_and_decides_by_its_figures(client, graph):
    images = [synthetic.pattern(identity, take=9) for identity in range(2)]
    files = [synthetic.png(image) for image in images]
    answer = client.post("/verify", files=dict(zip(("image1", "image2"), files, strict=True)))
    point = graph.manifest.calibration.default_point
    assert answer.json()["threshold"] == point.threshold
    embeddings, _ = embed(client, *files)
    pixels = np.stack([preprocess(file, graph.manifest.input) for file in files])
    expected = OnnxEncoder(graph.onnx).embed(pixels)
    assert np.abs(embeddings - expected).max() <= 1e-4 * np.abs(expected).max()
