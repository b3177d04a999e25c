import base64
import json
import socket

import pytest

from tests import fakes
from tests.servers import exit_of, free_port, server, start, stop

SAME = {"image1": fakes.photo(1, 0), "image2": fakes.photo(1, 2)}


def test_the_server_answers_and_stops_cleanly_when_told(models_dir):
    with server(models_dir) as (process, client):
        files = {name: ("f", data) for name, data in SAME.items()}
        by_form = client.post("/verify", files=files, headers={"X-Request-ID": "abc"})
        encoded = {name: base64.b64encode(data).decode() for name, data in SAME.items()}
        by_json = client.post("/verify", json=encoded)
        assert by_form.status_code == 200
        assert by_form.json() == by_json.json()
        assert by_form.json()["same"] is True
        assert by_form.headers["x-request-id"] == "abc"
        assert "server" not in by_form.headers
        missing = client.post("/verify", files={"image1": ("f", SAME["image1"])})
        assert missing.headers["content-type"] == "application/problem+json"
        status, log = stop(process)
    assert status == 0, log
    assert "Traceback" not in log
    (line,) = [line for line in log.splitlines() if "ready on" in line]
    assert f"http://127.0.0.1:{client.base_url.port}/docs" in line
    assert "tiny 1.2.3 on CPU" in line


def test_an_upload_that_never_ends_is_told_so_and_its_connection_is_free_again(models_dir):
    with server(models_dir, BODY_TIMEOUT_S=0.3) as (_, client):
        with socket.create_connection(("127.0.0.1", client.base_url.port), timeout=10) as line:
            head = b"POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            line.sendall(head + b"Content-Type: image/png\r\n\r\n5\r\nhello\r\n")
            assert line.recv(1000).startswith(b"HTTP/1.1 408")
        assert client.get("/livez").status_code == 200


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"MODELS_DIR": "/nowhere"}, "the models folder /nowhere cannot be read"),
        ({"DEFAULT_MODEL": "nobody"}, "no default model 'nobody'"),
        ({"PORT": "http"}, "LIKEWISE_PORT='http' cannot be used"),
        ({"PROT": "1"}, "did you mean LIKEWISE_PORT?"),
        ({"PROVIDER": "cuda"}, "LIKEWISE_PROVIDER=cuda"),
    ],
    ids=["models-dir", "default-model", "value", "name", "provider"],
)
def test_what_is_set_wrongly_ends_the_start_with_one_clear_line(models_dir, settings, sentence):
    status, lines = exit_of(start(models_dir, **settings))
    assert status == 1
    assert len(lines) == 1
    assert lines[0].startswith("likewise cannot start: ")
    assert sentence in lines[0]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_that_fails_its_self_check_ends_the_start_without_a_traceback(tmp_path, workers):
    fakes.make_bundle(tmp_path, "tiny", golden=(0.5,) * fakes.DIM)
    status, lines = exit_of(start(tmp_path, WORKERS=workers, PORT=free_port()))
    assert status == 3
    assert any("golden embedding is off" in line for line in lines)
    assert not any("Traceback" in line for line in lines)


def test_a_service_whose_log_nobody_reads_goes_on(models_dir):
    with server(models_dir, LOG_LEVEL="info", LOG_FORMAT="json") as (process, client):
        for _ in range(1500):  # Some 200 bytes each; a pipe holds 64 KiB.
            assert client.get("/models", timeout=20).status_code == 200
        status, log = stop(process)
    assert status == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert 200 < sum(line.get("route") == "/models" for line in lines) < 1500
