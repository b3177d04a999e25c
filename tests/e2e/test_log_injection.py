"""Nothing that a client sends can forge a line of the log, or make one that is long."""

import json
import re

import pytest

from app.keys.entries import make_key
from tests import fakes
from tests.servers import server

EVIL = '\r\n2026-01-01T00:00:00Z [error] forged\x1b[31m\x9b31m\u2028","level":"forged\x00\u202e'
LONG = "x" * 30_000
IMAGE = fakes.photo(1)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")


def attack(client, key):
    """Send what is hostile in every place of a request; give the number of requests."""
    sane = {"X-API-Key": key}
    pair = {"image1": ("a.png", IMAGE), "image2": ("b.png", IMAGE)}
    calls = [
        {"files": {"image1": (EVIL, IMAGE), "image2": (EVIL, b"no")}},
        {"files": pair, "data": {"model": EVIL}},
        {"files": pair, "data": {"model": LONG}},
        {"files": pair, "data": {"fmr": EVIL}},
        {"files": pair, "data": {EVIL: "1"}},
        {"files": pair, "params": {"model": EVIL, "threshold": EVIL}},
        {"json": {"image1": EVIL, "image2": EVIL, "model": EVIL}},
        {"json": {EVIL: LONG}},
        {
            "content": b"x",
            "headers": {"Content-Type": "image/png; charset=\x9b31m".encode("latin1")},
        },
        {"content": EVIL.encode(), "headers": {"Content-Type": "application/json"}},
    ]
    headers = [
        {"X-Request-ID": b"\x9b31m"},
        {"X-Request-ID": LONG.encode()},
        {"traceparent": b"00-\x9b31m"},
        {"User-Agent": b"\x9b31m" + LONG.encode()},
        {"X-Forwarded-For": b"\x9b31m"},
        {"X-Forwarded-For": LONG.encode()},
        {"X-API-Key": b"\x9b31m"},
        {"Authorization": b"Bearer " + LONG.encode()},
    ]
    for call in calls:
        given = call.pop("headers", {})
        client.post("/verify", headers=sane | given, **call)
    for given in headers:
        client.get("/models", headers=sane | given)
    for path in (
        "/models/%0d%0a%1b%5b31mforged",
        "/%0aforged%1b[31m",
        f"/models/{LONG}",
        "/%E2%80%A8",
    ):
        client.get(path, headers=sane)
    return len(calls) + len(headers) + 4


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_whatever_is_sent_a_request_is_one_short_line(tmp_path, log_format):
    models = tmp_path / "models"
    models.mkdir()
    fakes.make_bundle(models, "tiny")
    key, entry = make_key("shop")
    (tmp_path / "keys.txt").write_text(f"{entry.line}\n")
    settings = {"API_KEYS_FILE": tmp_path / "keys.txt", "TRUSTED_PROXIES": "127.0.0.1"}
    with server(models, LOG_FORMAT=log_format, LOG_LEVEL="info", **settings) as (process, client):
        sent = attack(client, key)
        process.terminate()
        told = process.communicate(timeout=30)[1]
    assert not CONTROLS.search(told)
    assert "forged" not in told
    lines = told.splitlines()
    assert max(map(len, lines)) < 1_000
    requests = [line for line in lines if "app.access" in line]
    assert len(requests) == sent
    if log_format == "json":
        assert {json.loads(line)["level"] for line in lines} <= {"info", "warning"}
