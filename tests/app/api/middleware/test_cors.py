import pytest
from starlette.testclient import TestClient

from app.keys.entries import make_key
from app.main import create_app

PAGE = "https://shop.example"
KEY, ENTRY = make_key("shop")
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-api-key,x-request-id",
}


@pytest.fixture(scope="module")
def shared(settings, tmp_path_factory):
    """A client of a service that asks for keys and lets the pages of one origin call."""
    path = tmp_path_factory.mktemp("keys") / "keys.txt"
    path.write_text(ENTRY.line)
    changed = settings.model_copy(update={"api_keys_file": path, "cors_origins": (PAGE,)})
    with TestClient(create_app(changed)) as client:
        yield client


def cors_headers(answer):
    return [name for name in answer.headers if name.startswith("access-control-")]


def test_by_default_no_page_may_call(client):
    assert cors_headers(client.get("/models", headers={"Origin": PAGE})) == []
    preflight = client.options("/verify", headers=PREFLIGHT)
    assert preflight.status_code == 405
    assert cors_headers(preflight) == []


def test_a_named_origin_is_let_in_before_any_key_is_asked_for(shared):
    preflight = shared.options("/verify", headers=PREFLIGHT)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in preflight.headers
    assert preflight.headers["x-content-type-options"] == "nosniff"


def test_its_pages_see_the_answer_the_refusal_and_the_headers(shared):
    for headers, status in (({"X-API-Key": KEY}, 200), ({}, 401)):
        answer = shared.get("/models", headers={"Origin": PAGE, **headers})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == PAGE
        exposed = answer.headers["access-control-expose-headers"]
        assert {"X-Model-SHA256", "X-Threshold", "X-Withheld"} <= set(exposed.split(", "))
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://shop.example.evil.example", "http://shop.example"])
def test_another_origin_is_not(shared, origin):
    assert shared.options("/verify", headers={**PREFLIGHT, "Origin": origin}).status_code == 400
    answer = shared.get("/models", headers={"Origin": origin, "X-API-Key": KEY})
    assert "access-control-allow-origin" not in answer.headers
