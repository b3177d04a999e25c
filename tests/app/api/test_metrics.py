import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.api.middleware.observability import UNKNOWN, Routes
from app.main import create_app
from app.settings import Settings
from tests import fakes

PAIR = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 2)}


def samples(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def fresh(settings):
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_requests_of_each_kind_are_counted_by_what_became_of_them(fresh):
    embedding = fresh.post("/embed", files=[("image", ("f", PAIR["image1"]))]).json()["embeddings"]
    fresh.post("/verify", files=PAIR)
    fresh.post("/verify", files={**PAIR, "image2": b"no image"})
    fresh.post("/compare", json={"probe": embedding[0], "gallery": embedding * 3})
    fresh.get("/models/tiny")
    fresh.get("/models/nobody")
    found = samples(fresh)

    def requests(route, status):
        return found["likewise_requests_total", ("route", route), ("status", str(status))]

    assert requests("/verify", 200) == requests("/verify", 415) == 1
    assert requests("/models/{name}", 200) == requests("/models/{name}", 404) == 1
    assert found["likewise_refused_total", ("reason", "unsupported-image")] == 1
    assert found["likewise_refused_total", ("reason", "unknown-model")] == 1
    assert found["likewise_refused_total", ("reason", "overloaded")] == 0
    tiny = (("model", "tiny"), ("outcome", "same"))
    assert found["likewise_decisions_total", *tiny, ("route", "/verify"), ("version", "1.2.3")] == 1
    assert (
        found["likewise_decisions_total", *tiny, ("route", "/compare"), ("version", "1.2.3")] == 3
    )
    assert found["likewise_energy_count", ("model", "tiny"), ("version", "1.2.3")] == 1
    assert found["likewise_decode_seconds_count",] == 2
    assert found["likewise_inference_seconds_count",] == 2
    assert found["likewise_batch_images_sum",] == 3
    assert found["likewise_queue_seconds_count",] == 4
    assert found["likewise_queue_depth",] == 0


def test_paths_that_are_not_there_are_one_route_however_many_are_tried(fresh):
    for path in ("/nowhere", "/verify/x", "/admin.php", "/docs/%0a"):
        assert fresh.get(path).status_code == 404
    found = samples(fresh)
    routes = {dict(key[1:]).get("route") for key in found if key[0] == "likewise_requests_total"}
    assert routes == {UNKNOWN}


def test_what_nobody_foresaw_is_counted_as_well(settings):
    app = create_app(settings)

    @app.get("/broken")
    def broken():
        raise RuntimeError("nobody foresaw this")

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/broken").status_code == 500
        found = samples(client)
    assert found["likewise_refused_total", ("reason", "internal")] == 1
    assert found["likewise_requests_total", ("route", UNKNOWN), ("status", "500")] == 1


def test_it_can_be_switched_off(models_dir):
    settings = Settings(models_dir=models_dir, default_model="tiny", metrics=False)
    with TestClient(create_app(settings)) as client:
        assert client.post("/verify", files=PAIR).status_code == 200
        assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("path", "root", "route"),
    [
        ("/verify", "", "/verify"),
        ("/likewise/verify", "/likewise", "/verify"),
        ("/models/a", "", "/models/{name}"),
        ("/models", "", "/models"),
        ("/modelsx", "", UNKNOWN),
        ("/", "", UNKNOWN),
    ],
)
def test_a_path_has_a_route_of_a_bounded_set(path, root, route):
    routes = Routes(["/verify", "/models", "/models/{name}"])
    assert routes.of({"path": path, "root_path": root}) == route
