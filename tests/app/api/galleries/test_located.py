"""The calls of a gallery with a model that locates: what is enrolled and searched is a crop."""

import json

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.gallery.sql.commands import run
from app.main import create_app
from app.settings import Settings
from tests import fakes, locators
from tests.locators import TEMPLATE, file_of, mark, picture

TRUE = mark(150, 110, 50, 20)
SIZE = (320, 240)
ANN = file_of(picture(SIZE, TRUE, identity=1))
BEN = file_of(picture(SIZE, mark(90, 100, 40, -15), seed=1, identity=2))
CROWD = file_of(picture(SIZE, TRUE, mark(260, 180, 25), identity=1))
POINTS = [list(point) for point in TRUE.points(TEMPLATE)]
AT = "/galleries/people/identities"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("located")
    locators.with_locator(fakes.make_bundle(folder / "bundles", templates=fakes.make_templates()))
    fakes.make_bundle(folder / "bundles", "whole")
    url = f"sqlite:///{folder / 'gallery.db'}"
    run("migrate", url)
    settings = Settings(
        models_dir=folder / "bundles", default_model="tiny", threads=1, gallery_url=url
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        client.put("/galleries/people")
        client.put("/galleries/whole?model=whole")
        yield client


def problem_of(response):
    body = response.json()
    return response.status_code, body["type"].rpartition(":")[2], body["detail"]


def assert_at(found, true, pixels=5):
    assert abs(np.array(found["corners"]) - np.array(true.corners)).max() < pixels


def test_an_enrolment_and_a_search_say_what_was_located(service):
    files = [("image", ANN), ("image", BEN)]
    two = service.put(f"{AT}/two", files=files).json()
    assert_at(two["located"][0], TRUE)
    assert_at(two["located"][1], mark(90, 100, 40, -15))
    moved = file_of(picture((500, 400), mark(300, 250, 80, -100), seed=5, identity=1))
    assert_at(service.put(f"{AT}/ann", files={"image": ANN}).json()["located"][0], TRUE)
    found = service.post("/galleries/people/identify", files={"image": moved}).json()
    assert_at(found["located"][0], mark(300, 250, 80, -100))
    assert found["candidates"][0]["identity"] == "ann"
    assert found["candidates"][0]["energy"] < 0.05


def test_landmarks_of_the_caller_are_taken_in_each_call(service):
    sent = {"landmarks": json.dumps(POINTS)}
    of_url = {"landmarks": json.dumps(POINTS), "top": "1"}
    for answer in (
        service.put(f"{AT}/cas", files={"image": CROWD}, data=sent),
        service.post("/galleries/people/identify", files={"image": CROWD}, data=sent),
        service.post("/galleries/people/verify/cas", files={"image": CROWD}, data=sent),
        service.post(
            "/galleries/people/identify",
            params=of_url,
            content=CROWD,
            headers={"Content-Type": "image/png"},
        ),
    ):
        (located,) = answer.json()["located"]
        assert_at(located, TRUE, pixels=0.02)
        assert located["score"] is None
    again = service.post("/galleries/people/verify/cas", files={"image": ANN}, data=sent).json()
    assert again["energy"] < 0.01


def test_a_choice_that_does_not_apply_is_refused_and_never_ignored(service):
    points = {"landmarks": json.dumps(POINTS)}
    several = service.put(f"{AT}/x", files=[("image", ANN), ("image", BEN)], data=points)
    assert "goes with one image" in problem_of(several)[2]
    for sent in (points, {"face": "largest"}):
        whole = service.put("/galleries/whole/identities/x", files={"image": ANN}, data=sent)
        assert problem_of(whole)[1] == "bad-parameter"
        assert "has no locator" in problem_of(whole)[2]
    assert service.get(f"{AT}/x").status_code == 404
    embedded = service.post("/embed", files={"image": ANN}).json()
    row = {"embedding": embedded["embeddings"][0], "sha256": embedded["model"]["sha256"]}
    for sent in ({"landmarks": POINTS}, {"face": "largest"}):
        refused = service.post("/galleries/people/identify", json=row | sent)
        assert (refused.status_code, problem_of(refused)[1]) == (422, "bad-parameter")
        assert "embeddings were sent" in problem_of(refused)[2]
    assert service.post("/galleries/people/identify", json=row).json()["located"] is None
