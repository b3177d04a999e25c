"""A bundle of two graphs over HTTP: each answers by its own figures, and never for the other."""

import io

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.gallery.sql import commands
from app.main import create_app
from app.settings import Settings
from model.bundle import open_bundle
from model.golden import golden_image
from tests import fakes, graphs

NPY = "application/x-npy"
PAIR = {"image1": fakes.photo(1), "image2": fakes.photo(2)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    graphs.make_bundle(folder)
    return folder


@pytest.fixture(scope="module")
def clients(folder):
    """A service of each graph, by its precision."""
    found = {}
    for precision in ("fp32", "int8"):
        settings = Settings(models_dir=folder, default_model="tiny", threads=1, precision=precision)
        found[precision] = TestClient(create_app(settings), raise_server_exceptions=False)
    with found["fp32"], found["int8"]:
        yield found


@pytest.fixture(scope="module")
def bundles(folder):
    main = open_bundle(folder / "tiny")
    return {"fp32": main, "int8": main.graphs[0]}


def embed(client, *images, accept="application/json"):
    files = [("image", image) for image in images]
    return client.post("/embed", files=files, headers={"Accept": accept})


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_graph_answers_its_golden_embedding_and_its_own_rates(clients, bundles, precision):
    client, manifest = clients[precision], bundles[precision].manifest
    golden = fakes.encoded(fakes.Image.fromarray(golden_image(manifest.input)[..., 0]))
    answer = embed(client, golden).json()
    assert answer["embeddings"][0] == pytest.approx(manifest.golden.embedding, abs=1e-5)
    graph = {"sha256": manifest.onnx.sha256, "precision": precision}
    assert answer["model"] == {"name": "tiny", "version": "1.2.3", **graph}
    point = manifest.calibration.default_point
    verified = client.post("/verify", files=PAIR).json()
    assert verified["threshold"] == point.threshold
    assert verified["model"] == answer["model"]
    [listed] = client.get("/models").json()["models"]
    assert listed["default_operating_point"]["threshold"] == point.threshold
    assert {name: listed[name] for name in graph} == graph
    assert listed["precisions"] == ["fp32", "int8"]
    whole = client.get("/models/tiny").json()
    assert whole["accuracy"] == manifest.model_dump(mode="json")["accuracy"]


def test_the_two_graphs_differ(clients):
    one, other = (
        np.array(embed(each, fakes.photo(3)).json()["embeddings"]) for each in clients.values()
    )
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize("as_npy", [False, True], ids=["json", "npy"])
def test_embeddings_of_the_other_graph_are_refused_with_what_to_do(clients, as_npy):
    made = embed(clients["fp32"], fakes.photo(1), fakes.photo(2)).json()
    rows, sha256 = made["embeddings"], made["model"]["sha256"]

    def compare(client):
        if not as_npy:
            body = {"probe": rows[0], "gallery": rows[1:], "sha256": sha256}
            return client.post("/compare", json=body)
        file = io.BytesIO()
        np.save(file, np.array(rows, dtype=np.float32))
        headers = {"Content-Type": NPY}
        params = {"sha256": sha256}
        return client.post("/compare", content=file.getvalue(), headers=headers, params=params)

    assert compare(clients["fp32"]).status_code == 200
    refused = compare(clients["int8"])
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:likewise:problem:other-graph"
    assert "LIKEWISE_PRECISION=fp32" in refused.json()["detail"]


def test_embeddings_of_no_graph_of_the_model_are_refused(clients):
    body = {"probe": [0.0] * 8, "gallery": [[0.0] * 8], "sha256": "0" * 64}
    refused = clients["fp32"].post("/compare", json=body)
    assert refused.status_code == 409
    assert "not of tiny 1.2.3" in refused.json()["detail"]
    assert clients["fp32"].post("/compare", json=body | {"sha256": "f" * 63}).status_code == 422


def test_an_array_of_embeddings_names_its_graph(clients):
    headers = embed(clients["int8"], fakes.photo(1), accept=NPY).headers
    assert headers["x-model-precision"] == "int8"


def test_metrics_and_the_message_at_the_start_name_the_graph(clients):
    for precision, client in clients.items():
        assert f'precision="{precision}"' in client.get("/metrics").text


def test_every_answer_of_a_gallery_names_the_number_format(folder, tmp_path):
    url = f"sqlite:///{tmp_path / 'gallery.db'}"
    commands.run("migrate", url)
    settings = Settings(
        models_dir=folder, default_model="tiny", threads=1, precision="int8", gallery_url=url
    )
    photo, at = {"image": fakes.photo(1)}, "/galleries/people"
    with TestClient(create_app(settings)) as client:
        answers = [
            client.put(at),
            client.put(f"{at}/identities/ann", files=photo),
            client.get(f"{at}/identities/ann"),
            client.get(f"{at}/identities/ann/neighbours"),
            client.post(f"{at}/identify", files=photo),
        ]
        listed = [
            client.get("/galleries").json()["galleries"][0],
            client.get(f"{at}/identities").json()["identities"][0],
        ]
    found = [*(answer.json() for answer in answers), *listed]
    assert [each["model"]["precision"] for each in found] == ["int8"] * 7
