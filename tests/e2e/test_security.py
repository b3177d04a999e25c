import base64
import re
import socket

from app.keys.entries import make_key
from tests import fakes
from tests.e2e.test_server import exit_of, server, start, stop

KEY, ENTRY = make_key("shop")
NAME = "passport-of-ann"
SIZE = (173, 1531)


def requests_of_every_kind(image):
    """Good ones, and one for each way in which an image or its body can be wrong."""
    other = fakes.photo(2)
    files = {"image1": (f"{NAME}.png", image), "image2": (f"{NAME}.png", other)}
    encoded = base64.b64encode(image).decode()
    grey = fakes.encoded(fakes.image_of(1).point(lambda _: 128).resize(SIZE))
    form = {"Content-Type": "image/png"}
    yield 200, {"url": "/verify", "files": files}
    yield 200, {"url": "/verify", "json": {"image1": encoded, "image2": encoded}}
    yield 200, {"url": "/embed?model=tiny", "content": image, "headers": form}
    yield 422, {"url": f"/embed?name={NAME}", "content": image, "headers": form}
    yield 422, {"url": "/verify", "files": {"image1": files["image1"]}}
    yield 422, {"url": "/verify", "files": {**files, NAME: files["image1"]}}
    yield 422, {"url": "/verify", "json": {"image1": encoded, "image2": "%%%"}}
    yield 422, {"url": "/verify", "json": {"image1": encoded, "image2": f"/{NAME}.png"}}
    yield 422, {"url": "/embed", "content": image[:-500], "headers": form}
    yield 415, {"url": "/embed", "content": NAME.encode() + image, "headers": form}
    yield 413, {"url": "/embed", "content": image * 40, "headers": form}
    yield 500, {"url": "/embed", "content": grey, "headers": form}
    yield (
        400,
        {
            "url": "/verify",
            "content": image,
            "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        },
    )
    yield 404, {"url": "/nowhere", "content": image}


def test_neither_log_nor_temporary_folder_knows_anything_of_an_image(tmp_path, monkeypatch):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    for folder in ("TMPDIR", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(folder, str(temporary))
    fakes.make_bundle(tmp_path / "bundles", "tiny", centre=128.0)
    image = fakes.encoded(fakes.image_of(1, size=SIZE))
    with server(tmp_path / "bundles", LOG_LEVEL="debug", MAX_IMAGE_BYTES=len(image) + 99) as (
        process,
        client,
    ):
        energies = set()
        for status, request in requests_of_every_kind(image):
            answer = client.post(**request)
            assert answer.status_code == status, (request["url"], answer.text)
            energies.add(answer.json().get("energy", 0.0))
        _, log = stop(process)
    assert list(temporary.rglob("*")) == []
    assert "route=/embed" in log
    assert "Traceback" not in log
    assert NAME not in log
    for told in (SIZE[1], SIZE[0] * SIZE[1], len(image)):
        assert not re.search(rf"\b({told}|{told:,})\b", log), told
    assert f"{max(energies):.4f}" not in log
    for secret in (image[:40].hex(), base64.b64encode(image).decode()[:40], "PNG", "IHDR"):
        assert secret not in log


def test_keys_prefix_and_proxy_work_together_on_the_real_server(models_dir, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text(ENTRY.line)
    settings = {
        "API_KEYS_FILE": keys,
        "ROOT_PATH": "/likewise",
        "TRUSTED_PROXIES": "10.0.0.0/8,127.0.0.1",
        "LOG_LEVEL": "debug",
    }
    with server(models_dir, **settings) as (process, client):
        files = {"image1": ("f", fakes.photo(1)), "image2": ("f", fakes.photo(1))}
        good = {"X-API-Key": KEY, "X-Forwarded-For": "192.0.2.7", "X-Request-ID": "abc"}
        for path in ("/verify", "/likewise/verify"):
            assert client.post(path, files=files, headers=good).json()["same"] is True
            refused = client.post(path, files=files, headers={"X-API-Key": "nobody"})
            assert refused.status_code == 401
            assert "server" not in refused.headers
        # Refused before its body has come: none is ever sent.
        head = b"POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
        with socket.create_connection(("127.0.0.1", client.base_url.port), timeout=10) as line:
            line.sendall(head)
            assert line.recv(1000).startswith(b"HTTP/1.1 401 Unauthorized")
        # What is not spoken here is answered as any other request.
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
        assert client.get("/nowhere", headers=upgrade | good).status_code == 404
        status, log = stop(process)
    assert status == 0
    assert "request abc by shop" in log
    assert re.search(r"client=192\.0\.2\.7 method=POST .* route=/verify", log)
    assert KEY not in log
    assert "nobody" not in log
    assert "anyone who reaches" not in log


def test_a_proxy_that_is_not_trusted_cannot_name_the_caller(models_dir):
    """And a service that listens for others without keys says so, once."""
    with server(models_dir, HOST="0.0.0.0") as (process, client):  # noqa: S104
        client.get("/livez", headers={"X-Forwarded-For": "192.0.2.7"})
        _, log = stop(process)
    assert "192.0.2.7" not in log
    assert log.count("anyone who reaches 0.0.0.0 may call") == 1


def test_a_keys_file_that_cannot_be_used_ends_the_start_with_one_line(models_dir, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text(KEY)
    status, lines = exit_of(start(models_dir, API_KEYS_FILE=keys))
    assert status == 1
    assert len(lines) == 1
    assert "line 1: not a name and 64 hexadecimal digits" in lines[0]
    assert KEY not in lines[0]
