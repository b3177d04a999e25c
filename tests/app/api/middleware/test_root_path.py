import re

import pytest
from starlette.testclient import TestClient

from app.keys.entries import make_key
from app.main import create_app

KEY, ENTRY = make_key("shop")
HEADERS = {"X-API-Key": KEY}


@pytest.fixture(scope="module")
def behind(settings, tmp_path_factory):
    """A client of a service that a gateway serves under /a/likewise."""
    path = tmp_path_factory.mktemp("keys") / "keys.txt"
    path.write_text(ENTRY.line)
    changed = settings.model_copy(update={"root_path": "/a/likewise", "api_keys_file": path})
    with TestClient(create_app(changed)) as client:
        yield client


@pytest.mark.parametrize("prefix", ["", "/a/likewise"], ids=["stripped", "kept"])
def test_calls_are_found_whether_or_not_the_gateway_strips_the_prefix(behind, prefix):
    assert behind.get(f"{prefix}/models/tiny", headers=HEADERS).json()["name"] == "tiny"
    assert behind.get(f"{prefix}/models").status_code == 401
    assert behind.get(f"{prefix}/readyz").status_code == 200


@pytest.mark.parametrize("prefix", ["", "/a/likewise"], ids=["stripped", "kept"])
def test_the_page_and_its_assets_are_found_through_the_gateway(behind, prefix):
    page = behind.get(f"{prefix}/docs")
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page.text)
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith("/a/likewise/")
        assert behind.get(address.removeprefix("/a/likewise")).status_code == 200, address
        assert behind.get(address).status_code == 200, address


def test_the_document_names_the_prefix_as_its_server(behind):
    assert behind.get("/openapi.json").json()["servers"] == [{"url": "/a/likewise"}]


@pytest.mark.parametrize("path", ["/nowhere", "/a/likewise/nowhere"])
def test_a_problem_names_the_path_as_the_caller_sees_it(behind, path):
    answer = behind.get(path, headers=HEADERS)
    assert answer.status_code == 404
    assert "GET /a/likewise/nowhere:" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/a/likewiseX/readyz", "/a/readyz", "/a/likewise/a/likewise"])
def test_a_path_that_is_only_like_the_prefix_is_not_it(behind, path):
    assert behind.get(path, headers=HEADERS).status_code == 404
