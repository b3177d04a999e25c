"""A service with a bundle of kind `pair`: it verifies; elsewhere it says what to do instead."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.preprocessing import preprocess
from tests import fakes

SAME = (fakes.photo(1, 0), fakes.photo(1, 2))
DIFFERENT = (fakes.photo(1), fakes.photo(2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    fakes.make_pair_bundle(folder)
    return folder


@pytest.fixture(scope="module")
def pair_client(folder):
    """A client of a service whose only model is a pair model."""
    settings = Settings(models_dir=folder, default_model="pair")
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def verify(client, images, **choices):
    files = {f"image{i}": ("f", image) for i, image in enumerate(images, start=1)}
    return client.post("/verify", files=files, data=choices)


def problem_of(response):
    return response.json()["type"].removeprefix("urn:likewise:problem:")


def test_the_energy_is_what_the_graph_defines(pair_client):
    tensors = [preprocess(image, fakes.SPEC)[np.newaxis] for image in DIFFERENT]
    answer = verify(pair_client, DIFFERENT).json()
    assert answer["energy"] == pytest.approx(fakes.pair_energy(*tensors)[0], rel=1e-5)
    assert answer["model"]["name"] == "pair"


def test_two_pictures_of_one_thing_are_the_same_and_of_two_are_not(pair_client):
    assert verify(pair_client, SAME).json()["same"] is True
    assert verify(pair_client, DIFFERENT).json()["same"] is False


def test_a_threshold_and_a_target_fmr_are_chosen_as_for_other_kinds(pair_client):
    assert verify(pair_client, DIFFERENT, threshold="9").json()["same"] is True
    assert verify(pair_client, SAME, fmr="0.1").json()["threshold"] == 0.5
    costs = {"cost_false_match": "1e6", "cost_false_non_match": "20"}
    assert verify(pair_client, SAME, **costs).json()["decision"] == "unsure"
    refused = verify(pair_client, SAME, fmr="0.001")
    assert (refused.status_code, problem_of(refused)) == (422, "unsupported-fmr")


def test_a_likelier_pair_has_a_larger_likelihood_ratio(pair_client):
    ratios = [verify(pair_client, p).json()["likelihood_ratio"] for p in (SAME, DIFFERENT)]
    assert ratios[0] > ratios[1]


def test_embeddings_are_refused_with_what_to_do_instead(pair_client):
    headers = {"Content-Type": "image/png"}
    response = pair_client.post("/embed", content=fakes.photo(1), headers=headers)
    assert (response.status_code, problem_of(response)) == (409, "wrong-kind")
    assert response.headers["content-type"] == "application/problem+json"
    assert "POST /verify" in response.json()["detail"]


def test_comparing_embeddings_is_refused_with_what_to_do_instead(pair_client):
    response = pair_client.post("/compare", json={"probe": [1.0], "gallery": [[2.0]]})
    assert (response.status_code, problem_of(response)) == (409, "wrong-kind")
    assert "POST /verify" in response.json()["detail"]


def test_the_list_shows_a_pair_model_without_a_dimension(pair_client):
    (model,) = pair_client.get("/models").json()["models"]
    assert (model["kind"], model["metric"], model["dim"]) == ("pair", "none", None)
    assert model["provider"] == "CPU"
    assert pair_client.get("/models/pair").json()["golden"]["formula"] == "ramp-1-pairs"


def test_a_pair_model_beside_others_is_asked_by_its_name(folder):
    fakes.make_bundle(folder, "tiny")
    with TestClient(create_app(Settings(models_dir=folder, default_model="tiny"))) as client:
        assert verify(client, SAME).json()["model"]["name"] == "tiny"
        assert verify(client, SAME, model="pair").json()["model"]["name"] == "pair"
        asked = client.post("/embed?model=pair", files=[("image", ("f", fakes.photo(1)))])
        assert asked.status_code == 409
        assert "there is: tiny" in asked.json()["detail"]


def test_a_broken_image_is_named(pair_client):
    whole = io.BytesIO()
    Image.new("L", (64, 64)).save(whole, "PNG")
    response = verify(pair_client, (whole.getvalue(), whole.getvalue()[:60]))
    assert (response.status_code, problem_of(response)) == (422, "broken-image")
    assert response.json()["detail"].startswith("image2")
