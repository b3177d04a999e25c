"""Every example of the OpenAPI document is what the service says."""

import importlib.util
import json

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from app.api import examples
from app.api.bodies.multipart import MEDIA_TYPE as FORM
from app.gallery.sql.commands import run
from app.keys.entries import make_key
from app.main import create_app
from app.settings import Settings, WantedPrecision
from tests import fakes, locators
from tests.servers import ROOT

PHOTO = (ROOT / "examples" / "ann-1.jpg").read_bytes()
PAIR = {"image1": PHOTO, "image2": PHOTO}
LARGE = {"Content-Length": "99000000", "Content-Type": "application/json"}
BINARY = {"application/x-npy", "image/png", "image/*"}
NOT_PROVOKED = {
    "body-timeout": "app/api/bodies/receive.py",
    "encoding-failed": "app/encoders/onnx.py",
    "internal": "app/api/problems.py",
    "model-refused": "app/catalog/catalog.py",
    "overloaded": "app/batching/worker_pool.py",
    "runner-failed": "app/batching/worker_pool.py",
    "store": "app/gallery/deadline.py",
    "store-full": "app/gallery/sql/failures.py",
}
"""What takes a fault to provoke, which other tests do; here the words are looked up."""


@pytest.fixture(scope="module")
def shipped():
    settings = Settings(precision=WantedPrecision.FP32)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def document(shipped):
    return shipped.get("/openapi.json").json()


def calls(document):
    return [
        (path, method, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]


def resolved(document, schema):
    return {"components": document["components"], **schema}


def test_every_answer_of_every_call_has_an_example(document):
    missing = [
        f"{method} {path} {status} {kind}"
        for path, method, call in calls(document)
        for status, response in call["responses"].items()
        for kind, content in response["content"].items()
        if kind not in BINARY and not {"example", "examples"} & set(content)
    ]
    assert missing == []


def test_every_body_and_every_parameter_has_an_example_and_a_description(document):
    for path, _, call in calls(document):
        for kind, content in call.get("requestBody", {}).get("content", {}).items():
            assert kind in BINARY or "example" in content, (path, kind)
        for parameter in call.get("parameters", ()):
            assert parameter["description"], (path, parameter["name"])
            told = {"example", "examples"} & (set(parameter) | set(parameter["schema"]))
            assert told, (path, parameter["name"])


def test_every_example_is_valid_by_the_schema_beside_it(document):
    seen = 0
    for _, _, call in calls(document):
        bodies = [call["requestBody"]] if "requestBody" in call else []
        for body in [*bodies, *call["responses"].values()]:
            for content in body["content"].values():
                given = [content["example"]] if "example" in content else []
                given += [e["value"] for e in content.get("examples", {}).values()]
                for example in given:
                    schema = resolved(document, content["schema"])
                    jsonschema_rs.validate(schema, example)
                    seen += 1
    assert seen > 60


def test_the_answers_are_those_of_the_shipped_models():
    path = ROOT / "scripts" / "api_examples.py"
    spec = importlib.util.spec_from_file_location("api_examples", path)
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    found = json.loads(maker.file_text())
    assert_close(found, json.loads(json.dumps(examples.ANSWERS)))


def assert_close(found, stated, path=""):
    assert type(found) is type(stated), path
    if isinstance(found, dict):
        assert set(found) == set(stated), path
        for name in found:
            assert_close(found[name], stated[name], f"{path}.{name}")
    elif isinstance(found, list):
        assert len(found) == len(stated), path
        for row, (one, other) in enumerate(zip(found, stated, strict=True)):
            assert_close(one, other, f"{path}[{row}]")
    elif isinstance(found, float):
        assert found == pytest.approx(stated, rel=2e-3, abs=2e-4), path
    else:
        assert found == stated, path


def json_of(client, path, **sent):
    return client.post(path, json=sent)


def with_settings(**changes):
    return TestClient(create_app(Settings(**changes)), raise_server_exceptions=False)


def provoked(shipped, tmp_path):
    """By type of problem: a real answer that refuses so."""
    fakes.make_pair_bundle(tmp_path)
    fakes.make_bundle(tmp_path / "more", "tiny", identification=fakes.make_identification())
    key, entry = make_key("shop")
    (tmp_path / "keys.txt").write_text(f"{entry.line}\n")
    cut, text = {**PAIR, "image1": PHOTO[:3000]}, {**PAIR, "image1": b"no image"}
    yield shipped.post("/verify", files=cut)
    yield shipped.post("/verify", files=text)
    yield shipped.post("/verify", files={"image1": PHOTO})
    yield shipped.post("/verify", files=PAIR, data={"fmr": "0.02"})
    yield shipped.post("/verify", files=PAIR, data={"fmr": "2"})
    yield shipped.post("/verify", files=PAIR, data={"model": "none"})
    yield shipped.post("/verify", content=b"", headers={"Content-Type": "application/json"})
    yield shipped.post("/verify", content=b"x", headers={"Content-Type": "text/plain"})
    yield shipped.post("/verify", content=b"x", headers=LARGE)
    yield shipped.post("/verify", files=PAIR, headers={"Accept": "text/html"})
    yield shipped.post("/compare", json={"probe": [0.6, 0.8], "gallery": [[0.6, 0.8]]})
    yield shipped.post("/compare", json=examples.COMPARISON | {"sha256": "0" * 64})
    yield shipped.post("/embed", files=[("image", PHOTO)] * 33)
    yield shipped.post("/verify", files={**PAIR, "image1": bytes(10_000_001)})
    with with_settings(models_dir=tmp_path, default_model="pair") as pairs:
        yield pairs.post("/embed", files={"image": PHOTO})
    measured = tmp_path / "measured"
    fakes.make_bundle(measured, "faces", templates=fakes.make_templates())
    with with_settings(models_dir=measured) as of_templates:
        parts = [("image1", PHOTO)] * 7 + [("image2", PHOTO)]
        yield of_templates.post("/verify", files=parts)
    row = [0.0] * fakes.DIM
    searched = {"probe": row, "gallery": [row] * 11, "fpir": 0.05}
    with with_settings(models_dir=tmp_path / "more", default_model="tiny") as searching:
        yield searching.post("/compare", json=searched)
    locators.with_locator(fakes.make_bundle(tmp_path / "located", "faces"))
    with with_settings(models_dir=tmp_path / "located") as locating:
        two = locators.picture((160, 90), locators.mark(40, 40, 20), locators.mark(120, 40, 20))
        yield locating.post("/verify", files=PAIR)
        yield locating.post("/verify", files={**PAIR, "image1": locators.file_of(two)})
        points = json.dumps([[900, 40], [60, 40], [50, 60], [45, 80], [65, 80]])
        yield locating.post("/verify", files=PAIR, data={"landmarks1": points})
    with with_settings(api_keys_file=tmp_path / "keys.txt") as locked:
        yield locked.get("/models")
        yield locked.put("/galleries/people", headers={"X-API-Key": key})
    yield shipped.post("/verify", files=PAIR, headers={"X-Deadline-Ms": "0.001"})
    yield from provoked_by_a_gallery(shipped, tmp_path)


def provoked_by_a_gallery(shipped, tmp_path):
    yield shipped.get("/galleries")
    url = f"sqlite:///{tmp_path / 'gallery.db'}"
    run("migrate", url)
    with with_settings(gallery_url=url, precision=WantedPrecision.FP32) as service:
        service.put("/galleries/people")
        yield service.put("/galleries/people?model=omniglot")
        yield service.get("/galleries/none/identities")
        yield service.get("/galleries/people/identities/none")
        row = {"embedding": [0.6, 0.8], "sha256": "0" * 64}
        yield service.post("/galleries/people/identify", json=row)
    yield TestClient(create_app(Settings())).get("/models")


def test_every_problem_says_what_the_service_says(shipped, document, tmp_path):
    found = {}
    for answer in provoked(shipped, tmp_path):
        problem = answer.json()
        slug = problem["type"].rpartition(":")[2]
        found[slug] = problem
        stated = dict(examples.MEMBERS[slug])
        if slug == "deadline":  # That of the service would take ten seconds.
            problem["detail"] = problem["detail"].replace("1e-06 s", "10 s")
        assert problem["detail"] == stated["detail"], slug
        said = {k: v for k, v in problem.items() if k in stated or k == "errors"}
        assert set(said) == set(stated), slug
    stated = {
        slug
        for _, _, call in calls(document)
        for response in call["responses"].values()
        for slug in response["content"].get("application/problem+json", {}).get("examples", ())
    }
    assert stated | {"api-key", "scope"} == set(found) | set(NOT_PROVOKED)
    assert set(examples.MEMBERS) == set(found) | set(NOT_PROVOKED)


@pytest.mark.parametrize("slug", NOT_PROVOKED)
def test_what_takes_a_fault_is_said_in_these_words(slug):
    source = (ROOT / NOT_PROVOKED[slug]).read_text()
    longest = max(examples.MEMBERS[slug]["detail"].replace("'signs'", ";").split(";"), key=len)
    words = longest.strip().split(" 0 of")[0].split(" after")[0]
    assert words in source


def test_the_form_example_names_the_parts_of_the_form(document):
    for path in ("/verify", "/embed", "/preview"):
        form = document["paths"][path]["post"]["requestBody"]["content"][FORM]
        assert set(form["schema"]["required"]) <= set(form["example"])
        assert set(form["example"]) <= set(form["schema"]["properties"])
