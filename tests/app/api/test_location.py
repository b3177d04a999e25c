"""Models with a locator: what is located in the answers, refusals, landmarks of the caller."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.batching.batch_runner import EncodeJob
from app.batching.image_input import ImageFile
from app.encoders.locator import load_locator
from app.main import create_app
from app.settings import Provider, Settings
from app.worker.service import load_model
from model.bundle import open_bundle
from model.errors import NothingLocatedError, SelfCheckError
from model.preprocessing import ImageLimits
from tests import fakes, locators
from tests.fakes import Kind
from tests.locators import TEMPLATE, file_of, mark, picture

TRUE = mark(150, 110, 50, 20)
SIZE = (320, 240)
ONE = file_of(picture(SIZE, TRUE))
OTHER = file_of(picture(SIZE, mark(90, 100, 30, -15), seed=1))
CROWD = file_of(picture(SIZE, TRUE, mark(260, 180, 25)))
NOTHING = file_of(picture(SIZE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    locators.with_locator(fakes.make_bundle(folder, "tiny"))
    locators.with_locator(fakes.make_bundle(folder, "codes", Kind.CODES))
    locators.with_locator(fakes.make_pair_bundle(folder))
    locators.with_locator(fakes.make_bundle(folder, "signs"), template=None)
    fakes.make_bundle(folder, "whole")
    return folder


@pytest.fixture(scope="module")
def locating(folder):
    settings = Settings(models_dir=folder, default_model="tiny", threads=1)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def verify(client, *images, **sent):
    files = {f"image{i}": image for i, image in enumerate(images, start=1)}
    return client.post("/verify", files=files, data=sent)


def embed(client, *images, **sent):
    return client.post("/embed", files=[("image", image) for image in images], data=sent)


def preview(client, image, **sent):
    response = client.post("/preview", files={"image": image}, data=sent)
    assert response.status_code == 200, response.text
    return np.asarray(Image.open(io.BytesIO(response.content)), dtype=float)


def problem_of(response):
    body = response.json()
    return response.status_code, body["type"].rpartition(":")[2], body["detail"]


def assert_at(found, true, pixels=5):
    corners = np.array(found["corners"])
    assert abs(corners - np.array(true.corners)).max() < pixels
    assert found["box"] == pytest.approx([*corners.min(axis=0), *corners.max(axis=0)], abs=0.02)


@pytest.mark.parametrize("model", ["tiny", "codes", "pair"])
def test_an_answer_says_what_was_compared(locating, model):
    answer = verify(locating, ONE, OTHER, model=model).json()
    one, other = answer["located"]
    assert_at(one, TRUE)
    assert_at(other, mark(90, 100, 30, -15))
    assert (one["others"], one["score"]) == (0, 1)
    assert abs(np.array(one["points"]) - np.array(TRUE.points(TEMPLATE))).max() < 5


def test_one_thing_in_two_pictures_is_the_same_and_its_place_does_not_matter(locating):
    moved = file_of(picture((500, 400), mark(300, 250, 80, -100), seed=5))
    assert verify(locating, ONE, moved).json()["energy"] < 0.05
    assert verify(locating, ONE, moved, model="whole").json()["energy"] > 0.2


def test_where_nothing_is_located_the_whole_image_is_not_compared(locating):
    status, slug, detail = problem_of(verify(locating, ONE, NOTHING))
    assert (status, slug) == (422, "nothing-located")
    assert detail.startswith("image2: nothing is located")
    assert problem_of(embed(locating, NOTHING))[:2] == (422, "nothing-located")


def test_of_several_things_one_is_compared_only_where_a_rule_says_which(locating):
    status, slug, detail = problem_of(verify(locating, CROWD, ONE))
    assert (status, slug) == (422, "several-located")
    assert detail.startswith("image1: 2 things")
    for face in ("largest", "central"):
        answer = verify(locating, CROWD, ONE, face=face).json()
        assert [each["others"] for each in answer["located"]] == [1, 0]
        assert_at(answer["located"][0], TRUE)
    assert problem_of(verify(locating, CROWD, ONE, face="best"))[:2] == (422, "bad-parameter")


def test_landmarks_of_the_caller_are_used_in_place_of_the_locator(locating):
    points = [list(point) for point in TRUE.points(TEMPLATE)]
    by_points = verify(locating, CROWD, ONE, landmarks1=json.dumps(points)).json()
    one, other = by_points["located"]
    assert_at(one, TRUE, pixels=0.02)
    assert (one["score"], one["others"]) == (None, None)
    assert other["score"] is not None
    texts = {f"image{i}": base64.b64encode(image).decode() for i, image in ((1, CROWD), (2, ONE))}
    in_json = locating.post("/verify", json={**texts, "landmarks1": points, "landmarks2": points})
    assert in_json.json()["located"][0] == one
    assert in_json.json()["energy"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("points", "slug"),
    [
        ("nonsense", "bad-parameter"),
        ("[[1, 2], [3, 4]]", "bad-parameter"),
        ("[[1, 2], [3, 4], [5, 6], [7, 8], [9, 1e999]]", "bad-parameter"),
        ("[[1, 2], [3, 4], [5, 6], [7, 8], [9, NaN]]", "bad-parameter"),
        ("[[1, 2, 3], [3, 4], [5, 6], [7, 8], [9, 10]]", "bad-parameter"),
        ("[[5, 5], [5, 5], [5, 5], [5, 5], [5, 5]]", "bad-landmarks"),
        ("[[1e9, 5], [5, 5], [9, 9], [5, 12], [9, 12]]", "bad-landmarks"),
        ("[[70, 40], [30, 40], [50, 60], [65, 75], [35, 75]]", "bad-landmarks"),
    ],
)
def test_landmarks_that_cannot_be_used_are_refused(locating, points, slug):
    status, found, detail = problem_of(verify(locating, ONE, ONE, landmarks2=points))
    assert (status, found) == (422, slug)
    assert detail.startswith(("landmarks2", "image2: "))


def test_what_a_model_does_not_take_is_refused_and_never_ignored(locating):
    points = json.dumps([list(point) for point in TRUE.points(TEMPLATE)])
    for sent in ({"face": "largest"}, {"landmarks1": points}, {"landmarks2": points}):
        status, slug, detail = problem_of(verify(locating, ONE, ONE, model="whole", **sent))
        assert (status, slug) == (422, "bad-parameter")
        assert "has no locator" in detail
    _, slug, detail = problem_of(verify(locating, ONE, ONE, model="signs", landmarks1=points))
    assert (slug, "no landmarks" in detail) == ("bad-parameter", True)
    both = {"landmarks1": points, "landmarks2": points, "face": "largest"}
    assert problem_of(verify(locating, ONE, ONE, **both))[1] == "bad-parameter"
    files = [("image1", ONE), ("image1", ONE), ("image2", ONE)]
    sent = {"landmarks1": points, "threshold": "1"}
    several = locating.post("/verify", files=files, data=sent)
    assert "goes with one image" in problem_of(several)[2]
    assert "goes with one image" in problem_of(embed(locating, ONE, ONE, landmarks=points))[2]
    twice = locating.post("/embed?face=largest", files={"image": ONE}, data={"face": "central"})
    assert "give it once" in problem_of(twice)[2]


def test_models_without_a_locator_or_template_say_so(locating):
    assert verify(locating, ONE, OTHER, model="whole").json()["located"] is None
    assert embed(locating, ONE, model="whole").json()["located"] is None
    assert verify(locating, ONE, OTHER, model="signs").json()["located"][0]["points"] is None
    locates = {each["name"]: each["locates"] for each in locating.get("/models").json()["models"]}
    assert locates == {"codes": True, "pair": True, "signs": True, "tiny": True, "whole": False}


def test_embeddings_are_of_the_crops_and_in_the_order_of_the_images(locating):
    answer = embed(locating, ONE, OTHER).json()
    assert_at(answer["located"][1], mark(90, 100, 30, -15))
    alone = embed(locating, OTHER).json()
    np.testing.assert_allclose(answer["embeddings"][1], alone["embeddings"][0], atol=1e-5)
    in_url = locating.post(
        "/embed?face=central", content=CROWD, headers={"Content-Type": "image/png"}
    ).json()
    assert_at(in_url["located"][0], TRUE)


def test_the_preview_is_the_crop(locating):
    seen = preview(locating, ONE)
    left, right = seen[:, :10].mean(), seen[:, 14:].mean()
    assert left == pytest.approx(76, abs=20)  # Red and green as grey.
    assert right == pytest.approx(150, abs=20)
    points = json.dumps([list(point) for point in mark(150, 110, 50, 200).points(TEMPLATE)])
    assert preview(locating, ONE, landmarks=points)[:, :10].mean() > 130


def test_several_images_of_one_thing_are_each_located(folder):
    fakes_of = {"templates": fakes.make_templates()}
    locators.with_locator(fakes.make_bundle(folder / "more", "tiny", **fakes_of))
    settings = Settings(models_dir=folder / "more", default_model="tiny", threads=1)
    with TestClient(create_app(settings)) as client:
        files = [("image1", ONE), ("image2", OTHER), ("image2", ONE)]
        answer = client.post("/verify", files=files).json()
        assert answer["images"] == [1, 2]
        assert len(answer["located"]) == 3
        assert_at(answer["located"][1], mark(90, 100, 30, -15))


def test_images_are_counted_by_what_was_located(folder):
    settings = Settings(models_dir=folder, default_model="tiny", threads=1)
    points = json.dumps([list(point) for point in TRUE.points(TEMPLATE)])
    with TestClient(create_app(settings)) as client:
        verify(client, ONE, OTHER)
        verify(client, ONE, NOTHING)
        verify(client, CROWD, ONE)
        verify(client, ONE, CROWD, face="largest", landmarks1=points)
        verify(client, ONE, OTHER, model="whole")
        verify(client, ONE, NOTHING, model="pair")
        preview(client, ONE)
        text = client.get("/metrics").text

    def count(model, result):
        labels = f'model="{model}",result="{result}",version="1.2.3"'
        return float(text.split(f"likewise_located_images_total{{{labels}}} ")[1].split("\n")[0])

    results = ("one", "several", "nothing", "landmarks")
    assert [count("tiny", result) for result in results] == [2, 2, 1, 1]
    assert [count("pair", result) for result in results] == [0, 0, 1, 0]
    assert 'model="whole",result' not in text


def spoilt(folder, name, **changes):
    return open_bundle(locators.with_locator(fakes.make_bundle(folder, name), **changes))


def test_a_locator_that_computes_something_else_is_refused(tmp_path):
    golden = locators.make_spec(locators.locator_graph(weak=0.2)).golden
    with pytest.raises(SelfCheckError, match="golden candidate of the locator is off"):
        load_locator(spoilt(tmp_path, "one", golden=golden))
    with pytest.raises(SelfCheckError, match="output is"):
        load_locator(spoilt(tmp_path, "two", graph=locators.locator_graph(k=9), golden=golden))
    fixed = locators.locator_graph(sides=(64, 64))
    with pytest.raises(SelfCheckError, match="input is"):
        load_locator(spoilt(tmp_path, "three", graph=fixed, golden=golden))


def test_the_check_before_a_replaced_runner_is_of_the_locator_too(folder):
    model = load_model(open_bundle(folder / "tiny"), Provider.CPU)
    model.check()
    object.__setattr__(model.locator, "graph", lambda pictures: np.zeros((len(pictures), 8, 5)))
    with pytest.raises(SelfCheckError, match="locator"):
        model.check()


def test_a_job_without_aims_never_compares_whole_images(folder):
    model = load_model(open_bundle(folder / "tiny"), Provider.CPU)
    files = (ImageFile("image1", ONE), ImageFile("image2", NOTHING))
    job = EncodeJob(model, files, ImageLimits(), lambda encoded: encoded)
    with pytest.raises(NothingLocatedError, match="image2"):
        job.decode(lambda: False)
