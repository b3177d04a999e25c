import shutil

from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.bundle import read_manifest
from model.manifest import Manifest
from tests import fakes


def test_the_list_tells_what_can_be_asked_for(client, models_dir):
    models = {model["name"]: model for model in client.get("/models").json()["models"]}
    manifest = read_manifest(models_dir / "tiny")
    tiny = models["tiny"]
    assert set(models) == {"tiny", "tiny-codes"}
    assert (tiny["default"], models["tiny-codes"]["default"]) == (True, False)
    assert (tiny["version"], tiny["kind"], tiny["metric"]) == ("1.2.3", "encoder", "l2")
    assert (tiny["dim"], tiny["sha256"]) == (fakes.DIM, manifest.onnx.sha256)
    assert tiny["provider"] == "CPU"
    assert tiny["summary"] == manifest.card.summary
    assert tiny["default_operating_point"]["threshold"] == 0.3
    assert [p["target_fmr"] for p in tiny["operating_points"]] == [0.1, 0.05, 0.01]


def test_one_model_shows_its_whole_manifest(client, models_dir):
    shown = Manifest.model_validate_json(client.get("/models/tiny").text)
    assert shown == read_manifest(models_dir / "tiny")


def test_an_unknown_model_is_a_problem(client):
    response = client.get("/models/nobody")
    assert response.status_code == 404
    assert response.json()["available"] == ["tiny", "tiny-codes"]


def test_refused_bundles_are_listed_and_asking_for_one_says_so(models_dir, tmp_path):
    folder = shutil.copytree(models_dir, tmp_path / "bundles")
    (folder / "tiny-codes/encoder.onnx").write_bytes(b"altered")
    settings = Settings(models_dir=folder, default_model="tiny")
    with TestClient(create_app(settings)) as client:
        listed = client.get("/models")
        refused = {entry["name"]: entry["reason"] for entry in listed.json()["refused"]}
        assert set(refused) == {"tiny-codes"}
        assert str(tmp_path) not in listed.text
        assert client.get("/models/tiny-codes").status_code == 503
