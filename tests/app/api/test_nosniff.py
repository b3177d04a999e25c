import asyncio

import pytest
from starlette.testclient import TestClient

from app.api.middleware.observability import Observability, Routes
from app.main import create_app
from tests import fakes


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/livez"),
        ("GET", "/models/nobody"),
        ("GET", "/nowhere"),
        ("DELETE", "/verify"),
        ("POST", "/verify"),
        ("GET", "/docs"),
        ("GET", "/docs-assets/swagger-ui.css"),
        ("GET", "/openapi.json"),
    ],
)
def test_every_answer_forbids_sniffing_once(client, method, path):
    answer = client.request(method, path)
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


def test_an_answer_that_is_no_json_forbids_it_too(client):
    headers = {"Accept": "application/x-npy", "Content-Type": "image/png"}
    answer = client.post("/embed", content=fakes.photo(1), headers=headers)
    assert answer.headers["content-type"] == "application/x-npy"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_unexpected_fault_forbids_it_too(settings, monkeypatch):
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        monkeypatch.setattr(client.app.state, "service", object())
        answer = client.get("/models")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_lifespan_is_left_alone():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    observed = Observability(app, Routes(()), None)
    asyncio.run(observed({"type": "lifespan"}, len, print))
    assert seen == [({"type": "lifespan"}, len, print)]
