import asyncio
import logging

import pytest
from starlette.testclient import TestClient

from app.api.middleware.api_key import OPEN
from app.keys.entries import make_key
from app.main import create_app
from tests import fakes

KEY, ENTRY = make_key("shop")
NEXT, NEXT_ENTRY = make_key("shop-next")
CHALLENGE = 'Bearer realm="likewise"'
GOOD = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def locked_settings(settings, tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "keys.txt"
    path.write_text(f"{ENTRY.line}\n{NEXT_ENTRY.line}\n")
    return settings.model_copy(update={"api_keys_file": path})


@pytest.fixture(scope="module")
def locked(locked_settings):
    """A client of a service that asks for a key."""
    with TestClient(create_app(locked_settings), raise_server_exceptions=False) as client:
        yield client


def raw(app, path, method="POST", headers=(), root_path=""):
    """The status of an answer to a path as it stands, and how often the body was asked for."""
    statuses, asked = [], []

    async def receive():
        asked.append(path)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        statuses.append(message.get("status"))

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": root_path,
        "scheme": "http",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(app(scope, receive, send))
    return statuses[0], len(asked)


@pytest.mark.parametrize(
    "headers",
    [
        GOOD,
        {"Authorization": f"bearer  {KEY} "},
        {"X-API-Key": KEY},
        {"X-API-Key": NEXT},
        {"X-API-Key": KEY, "Authorization": "Basic Z2F0ZTp3YXk="},
        {"X-API-Key": KEY, "Authorization": "Bearer of-the-gateway"},
    ],
)
def test_a_good_key_in_either_header_is_let_through(locked, headers):
    files = {"image1": fakes.photo(1), "image2": fakes.photo(1)}
    assert locked.post("/verify", files=files, headers=headers).json()["same"] is True


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, CHALLENGE),
        ({"Authorization": f"Basic {KEY}"}, CHALLENGE),
        ({"Authorization": "Bearer"}, CHALLENGE),
        ({"Authorization": "Bearer nobody"}, CHALLENGE + ', error="invalid_token"'),
        ({"Authorization": f"Bearer {ENTRY.digest.hex()}"}, CHALLENGE + ', error="invalid_token"'),
        ({"Authorization": f"Bearer {KEY}x"}, CHALLENGE + ', error="invalid_token"'),
        ({"X-API-Key": ""}, CHALLENGE + ', error="invalid_token"'),
        ({"X-API-Key": KEY[:-1]}, CHALLENGE + ', error="invalid_token"'),
        ({"X-API-Key": "k" * 100_000}, CHALLENGE + ', error="invalid_token"'),
        ({"X-API-Key": b"\xff\xfe"}, CHALLENGE + ', error="invalid_token"'),
        ({"X-API-Key": "nobody", **GOOD}, CHALLENGE + ', error="invalid_token"'),
        ({"Cookie": f"key={KEY}"}, CHALLENGE),
    ],
)
def test_none_or_another_is_a_401_problem_with_a_challenge(locked, headers, challenge):
    answer = locked.get("/models", headers=headers)
    assert answer.status_code == answer.json()["status"] == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == challenge
    assert answer.json()["type"] == "urn:likewise:problem:api-key"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_while_the_keys_cannot_be_checked_the_answer_is_503_and_no_body_is_read(
    locked_settings, tmp_path, monkeypatch
):
    path = tmp_path / "keys.txt"
    path.write_text(ENTRY.line)
    settings = locked_settings.model_copy(update={"api_keys_file": path})
    with TestClient(create_app(settings)) as client:
        path.unlink()
        monkeypatch.setattr("app.keys.ring.VALID_FOR_S", -1)
        answer = client.get("/models", headers=GOOD)
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:likewise:problem:not-ready"
        assert answer.headers["retry-after"] == "1"
        assert raw(client.app, "/verify", headers=GOOD.items()) == (503, 0)
        assert client.get("/models").status_code == 401
        assert client.get("/livez").status_code == 200


def test_a_key_in_the_url_is_no_key(locked):
    assert locked.get(f"/models?api_key={KEY}&key={KEY}").status_code == 401


def test_every_route_needs_a_key_but_those_that_are_listed(locked):
    paths = {*locked.get("/openapi.json").json()["paths"], "/docs", "/openapi.json"}
    assert {"/verify", "/embed", "/compare", "/models", "/models/{name}"} <= paths
    for path in (paths | {"/nowhere", "/", ""}) - OPEN:
        for method in ("GET", "POST", "OPTIONS", "HEAD"):
            assert raw(locked.app, path, method) == (401, 0), path
    assert paths & OPEN <= {"/livez", "/readyz", "/metrics", "/docs", "/openapi.json"}


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/openapi.json"])
def test_probes_and_pages_are_open(locked, path):
    assert locked.get(path).status_code == 200
    assert locked.get("/docs-assets/swagger-ui.css").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["//livez", "/livez/", "/livez/../verify", "/LIVEZ", "/livez\x00", "/docs-assets", "/docsx"],
)
def test_a_path_that_only_looks_open_is_closed(locked, path):
    assert raw(locked.app, path)[0] == 401


@pytest.mark.parametrize("path", ["/docs-assets/../verify", "/docs-assets//verify"])
def test_a_path_under_the_open_assets_reaches_no_call(locked, path):
    assert raw(locked.app, path, "GET")[0] == 404
    assert raw(locked.app, path, "POST")[0] == 405


def test_a_prefix_opens_nothing(locked):
    assert raw(locked.app, "/livez/verify", root_path="/livez")[0] == 401
    assert raw(locked.app, "/x/verify", root_path="/x")[0] == 401
    assert raw(locked.app, "/x/livez", "GET", root_path="/x")[0] == 200


def test_the_body_of_a_refused_request_is_not_asked_for(locked):
    assert raw(locked.app, "/verify") == (401, 0)
    good = [("Authorization", f"Bearer {KEY}"), ("Content-Type", "application/json")]
    status, asked = raw(locked.app, "/verify", headers=good)
    assert status == 400
    assert asked > 0


def test_before_the_start_even_a_good_key_is_refused(locked_settings):
    headers = [("X-API-Key", KEY)]
    assert raw(create_app(locked_settings), "/models", "GET", headers)[0] == 401


def test_without_a_keys_file_no_key_is_asked_for_and_one_does_no_harm(client):
    assert client.get("/models").status_code == 200
    assert client.get("/models", headers={"X-API-Key": "any"}).status_code == 200


def test_the_log_knows_the_name_and_never_the_key(locked, caplog):
    with caplog.at_level(logging.DEBUG):
        locked.get("/models", headers={**GOOD, "X-Request-ID": "abc"})
        locked.get("/models", headers={"X-API-Key": "nobody-knows-me"})
    assert "request abc by shop" in caplog.messages
    assert KEY not in caplog.text
    assert "nobody-knows-me" not in caplog.text


def test_the_document_names_both_ways_and_the_refusal_where_keys_are_asked_for(locked):
    document = locked.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["header"]["in"], schemes["header"]["name"]) == ("header", "X-API-Key")
    assert document["security"] == [{"bearer": []}, {"header": []}]
    verify = document["paths"]["/verify"]["post"]
    assert "urn:likewise:problem:api-key" in verify["responses"]["401"]["description"]
    assert "security" not in verify
    livez = document["paths"]["/livez"]["get"]
    assert livez["security"] == []
    assert "401" not in livez["responses"]


def test_the_document_names_none_where_none_is_asked_for(client):
    document = client.get("/openapi.json").json()
    assert "securitySchemes" not in document["components"]
    assert "security" not in document
    assert "401" not in document["paths"]["/verify"]["post"]["responses"]
