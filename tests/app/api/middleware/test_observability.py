import json

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests import fakes

PAIR = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 2)}
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def logged(models_dir, capsys):
    """Asks a service as it is set, and gives the lines of its requests."""

    def call(ask, **settings):
        chosen = {"models_dir": models_dir, "default_model": "tiny", "log_format": "json"}
        with TestClient(create_app(Settings(**(chosen | settings)))) as client:
            ask(client)
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return call


def test_each_request_is_one_line_with_its_id_its_trace_and_its_model(logged):
    headers = {"X-Request-ID": "mine-1", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}

    def ask(client):
        client.post("/verify", files=PAIR, headers=headers)
        client.post("/verify?secret=1", files=PAIR)
        client.get("/no%0Awhere?secret=1")

    one, other, nowhere = logged(ask)
    assert 0 < one.pop("ms") < 10_000
    assert one.pop("timestamp")
    assert one == {
        "client": "testclient",
        "event": "request",
        "level": "info",
        "logger": "app.access",
        "method": "POST",
        "model": "tiny",
        "request_id": "mine-1",
        "route": "/verify",
        "status": 200,
        "trace_id": TRACE,
    }
    assert other["status"] == 422
    assert other["request_id"] != "mine-1"
    assert {"trace_id", "model"}.isdisjoint(other)
    assert (nowhere["route"], nowhere["status"]) == ("other", 404)
    assert "secret" not in json.dumps([other, nowhere])


def test_nothing_of_an_image_is_in_the_line_of_a_refusal(logged):
    (line,) = logged(
        lambda client: client.post(
            "/verify", files={**PAIR, "image2": ("a-name-of-somebody.png", b"bytes-of-an-image")}
        )
    )
    assert line["status"] == 415
    assert "somebody" not in json.dumps(line)
    assert "bytes-of" not in json.dumps(line)


def test_probes_that_succeed_are_no_lines(logged):
    assert logged(lambda client: [client.get(p) for p in ("/livez", "/readyz", "/metrics")]) == []


@pytest.mark.parametrize("settings", [{"access_log": False}, {"log_level": "warning"}])
def test_it_can_be_switched_off(logged, settings):
    assert logged(lambda client: client.get("/models"), **settings) == []
