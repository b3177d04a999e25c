"""The series of /metrics are a fixed set, whatever routes, methods, models and keys are tried."""

import re
import socket

import pytest

from tests import fakes
from tests.servers import server

IMAGE = fakes.photo(1)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND", "MKCOL")
ROUTES = {
    *("/verify", "/embed", "/compare", "/preview", "/models", "/models/{name}", "/", "/docs"),
    *(
        "/openapi.json",
        "/livez",
        "/readyz",
        "/metrics",
        "/page/{file}",
        "/docs-assets/{file}",
        "other",
    ),
}


def series(client):
    text = client.get("/metrics").text
    return {line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")}


def attack(client, number):
    """Try names that no other call has."""
    for method in METHODS:
        client.request(method, f"/unknown-{number}")
        client.request(method, f"/models/unknown-{number}")
        client.request(method, f"/page/unknown-{number}/../x")
    client.post("/verify", files={"image1": IMAGE, "image2": IMAGE}, data={"model": f"m{number}"})
    client.post(
        "/embed",
        params={"model": f"m{number}"},
        content=IMAGE,
        headers={"Content-Type": f"image/x{number}"},
    )
    client.post("/compare", json={"probe": [1], "gallery": [[1]], "model": f'm{number}\n"}} 1'})
    client.get(
        "/models", headers={"X-API-Key": f"key-{number}", "Origin": f"https://{number}.example"}
    )
    client.get(f'/models/a"}}%0alikewise_forged_total%20{number}')
    with socket.create_connection((client.base_url.host, client.base_url.port)) as raw:
        raw.sendall(f"METHOD{number} / HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        raw.recv(1000)


@pytest.fixture
def client(models_dir):
    with server(models_dir) as (_, client):
        yield client


def test_hostile_names_add_no_series(client):
    attack(client, 0)
    series(client)  # The first call of /metrics counts itself, too.
    before = series(client)
    for number in range(1, 31):
        attack(client, number)
    assert series(client) == before
    assert {route for line in before for route in re.findall(r'\broute="([^"]*)"', line)} <= ROUTES
    models = {model for line in before for model in re.findall(r'\bmodel="([^"]*)"', line)}
    assert models <= {"tiny", "tiny-codes"}, "only those that are served"
    assert not any(re.search(r"forged|unknown-\d", line) for line in before)
