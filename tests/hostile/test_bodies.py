import base64
import io
import json
import socket

import numpy as np
import pytest

from tests.fakes import DIM, encoded, image_of, photo
from tests.hostile.server import form, part, request

PAIR = {"image1": photo(1), "image2": photo(1, 2)}
JSON, NPY = "application/json", "application/x-npy"


def as_json(**changes):
    images = {name: base64.b64encode(data).decode() for name, data in PAIR.items()}
    return json.dumps(images | changes).encode()


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def comparison(probe="[0, 0, 0, 0, 0, 0, 0, 1]", row="[0, 0, 0, 0, 0, 0, 1, 0]"):
    return f'{{"probe": {probe}, "gallery": [{row}]}}'.encode()


ROWS = np.eye(DIM, dtype=np.float32)
NOT_FINITE = np.where(ROWS == 1, np.nan, ROWS).astype(np.float32)
NPY_HEAD = saved(ROWS)[:8]


def npy_claiming(text):
    """A .npy file with a header of one's own."""
    header = text.encode().ljust(117) + b"\n"
    return NPY_HEAD + len(header).to_bytes(2, "little") + header + bytes(256)


FORMS = {
    "10,000 images": ("/embed", form(*[part("image", b"x")] * 10_000), 413, "too-many-images"),
    "10,000 unknown parts": ("/embed", form(*[part("x", b"")] * 10_000), 422, "bad-part"),
    "10,000 times one field": ("/verify", form(*[part("fmr", b"0")] * 10_000), 422, "bad-part"),
    "no name": ("/verify", form(part("", b"x")), 422, "bad-part"),
    "twice": ("/verify", form(*[part("image1", b"x")] * 2), 422, "bad-part"),
    "none": ("/verify", form(), 422, "bad-part"),
    "no boundary": ("/verify", (form()[0], "multipart/form-data"), 400, "unreadable-body"),
    "another boundary": (
        "/verify",
        (form(part("image1", b"x"))[0], "multipart/form-data; boundary=y"),
        400,
        "unreadable-body",
    ),
    "no end": ("/verify", (form(part("image1", b"x"))[0][:-6], form()[1]), 400, "unreadable-body"),
    "no body": ("/verify", (b"", form()[1]), 400, "unreadable-body"),
    "path without a file name": (
        "/verify",
        form(part("image1", b"/etc/passwd"), part("image2", PAIR["image2"])),
        415,
        "unsupported-image",
    ),
    "URL without a file name": (
        "/embed",
        form(part("image", b"http://127.0.0.1/one.png")),
        415,
        "unsupported-image",
    ),
}

TEXTS = {
    "deep": ("/verify", b"[" * 1_000_000, 400, "unreadable-body"),
    "deep inside": ("/verify", b'{"image1":' * 100_000, 400, "unreadable-body"),
    "no JSON": ("/verify", b"\0", 400, "unreadable-body"),
    "half": ("/verify", as_json()[:-3], 400, "unreadable-body"),
    "huge integer": ("/verify", as_json()[:-1] + b', "fmr": ' + b"9" * 4000 + b"}", None, None),
    "huge exponent": ("/verify", as_json()[:-1] + b', "threshold": 1e999}', None, None),
    "threshold NaN": ("/verify", as_json()[:-1] + b', "threshold": NaN}', None, None),
    "bad base64": ("/verify", as_json(image1="AAA*"), 422, "bad-parameter"),
    "base64 of no image": ("/verify", as_json(image1="AAAA"), 415, "unsupported-image"),
    "image is a number": ("/verify", as_json(image1=5), 422, "bad-parameter"),
    "image is a list": ("/verify", as_json(image1=["/etc/passwd"]), 422, "bad-parameter"),
    "path": ("/verify", as_json(image1="/etc/passwd"), 422, "bad-parameter"),
    "file": ("/verify", as_json(image1="file:///etc/passwd"), 422, "bad-parameter"),
    "URL by another name": ("/verify", as_json(image1_url="http://x/"), 422, "bad-parameter"),
    "embedding NaN": ("/compare", comparison(row="[NaN,0,0,0,0,0,0,1]"), 422, "bad-embedding"),
    "embedding infinite": ("/compare", comparison("[1e999,0,0,0,0,0,0,1]"), 422, "bad-embedding"),
    "embedding short": ("/compare", comparison(row="[1]"), 422, "bad-embedding"),
    "embedding empty": ("/compare", comparison("[]"), 422, "bad-embedding"),
    "embedding of words": ("/compare", comparison('["a"]'), 422, "bad-embedding"),
    "embedding as a path": ("/compare", comparison('"/etc/passwd"'), 422, "bad-parameter"),
}

ARRAYS = {
    "NaN": (saved(NOT_FINITE), 422, "bad-embedding"),
    "too wide": (saved(np.ones((3, DIM + 1), np.float32)), 422, "bad-embedding"),
    "cut": (saved(ROWS)[:-1], 400, "unreadable-body"),
    "cut in its header": (saved(ROWS)[:40], 400, "unreadable-body"),
    "too long": (saved(ROWS) + b"x", 400, "unreadable-body"),
    "no bytes": (b"", 400, "unreadable-body"),
    "objects": (
        npy_claiming("{'descr': '|O', 'fortran_order': False, 'shape': (2, 8), }"),
        400,
        "unreadable-body",
    ),
    "huge shape": (
        npy_claiming(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**62}, {2**62}), }}"),
        422,
        "bad-embedding",
    ),
    "huge number of rows": (
        npy_claiming(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**62}, {DIM}), }}"),
        413,
        "body-too-large",
    ),
    "negative shape": (
        npy_claiming("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -32), }"),
        400,
        "unreadable-body",
    ),
    "code": (npy_claiming("__import__('os').system('true')"), 400, "unreadable-body"),
    "deep": (npy_claiming("(" * 100), 400, "unreadable-body"),
    "many rows": (saved(np.ones((2000, DIM), np.float32)), 413, "body-too-large"),
}


@pytest.fixture(scope="module")
def right(server):
    return server.post("/verify", as_json(), JSON).json()


@pytest.fixture(autouse=True)
def _bounded_and_the_next_request_is_answered(server, right):
    before, began = server.memory("VmRSS"), server.cpu_s()
    server.forget_peak()
    yield
    assert server.cpu_s() - began < 1
    assert server.memory("VmHWM") - before < 30_000_000
    assert server.post("/verify", as_json(), JSON).json() == right
    assert "Traceback" not in server.log


def check(reply, status, problem):
    if status is None:  # Whether a number that is none is bad JSON or a bad value is the parser's.
        assert (reply.status, reply.problem) in {(400, "unreadable-body"), (422, "bad-parameter")}
    else:
        assert (reply.status, reply.problem) == (status, problem)
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("path", "body", "status", "problem"), FORMS.values(), ids=FORMS)
def test_a_form_that_cannot_be_used_has_its_problem(server, path, body, status, problem):
    check(server.post(path, *body), status, problem)


@pytest.mark.parametrize(("path", "body", "status", "problem"), TEXTS.values(), ids=TEXTS)
def test_json_that_cannot_be_used_has_its_problem(server, path, body, status, problem):
    check(server.post(path, body, JSON), status, problem)


@pytest.mark.parametrize(("body", "status", "problem"), ARRAYS.values(), ids=ARRAYS)
def test_an_array_that_cannot_be_used_has_its_problem(server, body, status, problem):
    check(server.post("/compare", body, NPY), status, problem)


@pytest.fixture
def bait(tmp_path):
    """An image in a file, and an address at which somebody listens."""
    path = tmp_path / "bait.png"
    path.write_bytes(encoded(image_of(1)))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield path, listener


def addresses(path, port):
    for host in ("127.0.0.1", "localhost", "[::1]", "2130706433"):
        for scheme in ("http", "https", "ftp", "gopher"):
            yield f"{scheme}://{host}:{port}/one.png"
    yield from (f"//127.0.0.1:{port}/", f"127.0.0.1:{port}", f"url:http://127.0.0.1:{port}/")
    yield from (str(path), f"file://{path}", f"file:{path}", f"@{path}", f"<{path}", f"|cat {path}")
    yield from (f"../../../../../..{path}", f"{path}\0.png")


def test_nothing_is_ever_fetched_and_no_file_is_read(server, bait):
    path, listener = bait
    touched = path.stat().st_atime_ns
    for address in addresses(path, listener.getsockname()[1]):
        image = address.encode()
        replies = [
            server.post("/verify", as_json(image1=address), JSON),
            server.post("/verify", *form(part("image1", image), part("image2", PAIR["image2"]))),
            server.post("/embed", *form(part("image", image))),
            server.post("/embed", image),
            server.send(request("/embed", b"", "image/png", f"Content-Location: {path}")),
        ]
        for reply in replies:
            assert reply.status in {415, 422}, (address, reply)
            assert reply.problem in {"unsupported-image", "bad-parameter"}
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()
    assert path.stat().st_atime_ns == touched


def test_a_model_is_a_name_and_no_path(server):
    for name in ("../tiny", "/etc/passwd", "tiny/", "tiny/../tiny", "tiny\0", ".", ""):
        reply = server.post("/verify", as_json(model=name), JSON)
        assert (reply.status, reply.problem) == (404, "unknown-model"), name
