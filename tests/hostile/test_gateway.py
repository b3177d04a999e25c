"""nginx with our configuration and the service behind it: both have to read the same requests."""

import contextlib
import hashlib
import json
import re
import time

import pytest

from tests.fakes import photo
from tests.hostile.gateway import gateway
from tests.hostile.server import form, part, read_reply, request, running
from tests.servers import wait_until

KEY = b"k" * 40
MAX_BODY_BYTES = 3_000_000
METRICS = b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n"
POST = b"POST /nowhere HTTP/1.1\r\nHost: t\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
NONE = b"0\r\n\r\n" + METRICS
QUIET_S, LATE_S = 0.4, 5
"""Seconds without a further answer after which none is expected, and until the first one."""


@pytest.fixture(scope="module")
def behind(models_dir, tmp_path_factory):
    """A gateway and the service behind it, which logs every request."""
    folder = tmp_path_factory.mktemp("gateway")
    keys = folder / "keys"
    keys.write_text(f"someone {hashlib.sha256(KEY).hexdigest()}\n")
    settings = {
        "LOG_LEVEL": "info",
        "LOG_FORMAT": "json",
        "MAX_BODY_BYTES": MAX_BODY_BYTES,
        "API_KEYS_FILE": keys,
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    with (
        running(models_dir, folder / "service", **settings) as service,
        gateway(folder, service.port) as front,
    ):
        yield front, service


def answered(service):
    """The requests of the service's log."""
    lines = (json.loads(line) for line in service.log.splitlines() if line.startswith("{"))
    return [line for line in lines if line["event"] == "request"]


def everything(server, data):
    """All that comes back, until the server closes or says no more."""
    seen = b""
    with server.connect() as connection, contextlib.suppress(TimeoutError, ConnectionError):
        connection.settimeout(LATE_S)
        connection.sendall(data)
        while more := connection.recv(1 << 16):
            seen += more
            connection.settimeout(QUIET_S)
    return seen


def statuses(seen):
    return [int(number) for number in re.findall(rb"HTTP/1\.1 (\d+)", seen)]


AMBIGUOUS = {
    "length and chunks": POST
    + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(NONE)
    + NONE,
    "chunks and length": CHUNKED + b"Content-Length: 4\r\n\r\n" + NONE,
    "blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n" + NONE,
    "tab": POST + b"Transfer-Encoding:\tchunked\r\n\r\n" + NONE,
    "vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + NONE,
    "twice": CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + NONE,
    "gzip": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + NONE,
    "folded": POST + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n" + NONE,
    "folded into another": POST
    + b"X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
    + NONE,
    "bare LF": POST + b"X: a\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + NONE,
    "bare CR": POST + b"X: a\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + NONE,
    "underscore": POST + b"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + NONE,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + NONE,
    "list of lengths": POST + b"Content-Length: 0, 5\r\n\r\n" + NONE,
    "length with a sign": POST + b"Content-Length: +5\r\n\r\n" + NONE,
    "length with zeros": POST + b"Content-Length: 0005\r\n\r\n" + NONE,
    "extension": CHUNKED + b'\r\n1;a="b"\r\nx\r\n' + NONE,
    "extension with LF": CHUNKED + b"\r\n1;a\nx\r\n" + NONE,
    "extension without end": CHUNKED + b"\r\n1;" + b"a" * 300_000 + b"\r\nx\r\n" + NONE,
    "chunks with LF": CHUNKED + b"\r\n1\nx\n0\n\n" + METRICS,
    "huge chunk": CHUNKED + b"\r\n10000000000000001\r\nx\r\n" + NONE,
    "negative chunk": CHUNKED + b"\r\n-1\r\nx\r\n" + NONE,
    "chunk longer than it says": CHUNKED + b"\r\n1\r\nxx\r\n" + NONE,
    "lengths in a trailer": CHUNKED + b"\r\n0\r\nContent-Length: 9\r\n\r\n" + METRICS,
    "upgrade": METRICS.replace(b"metrics", b"livez")[:-2]
    + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    + METRICS,
    "length of a GET": METRICS.replace(b"metrics", b"models")[:-2]
    + b"Content-Length: %d\r\n\r\n" % len(METRICS)
    + METRICS,
}


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_the_service_sees_each_request_that_the_gateway_passes_on_and_no_other(behind, data):
    front, service = behind
    passed, seen = len(front.entries()), len(answered(service))
    everything(front, data)

    def logs():
        entries = (entry for entry in front.entries()[passed:] if entry["replica"])
        return answered(service)[seen:], [each for each in entries if each["path"] != "/livez"]

    time.sleep(0.1)
    with contextlib.suppress(AssertionError):  # Of a busy machine a log may be late.
        wait_until(lambda: len({len(log) for log in logs()}) == 1, LATE_S)
    lines, passed_on = logs()
    assert [(line["method"], line["status"]) for line in lines] == [
        (entry["method"], entry["status"]) for entry in passed_on
    ]


SPELLINGS = (
    *("/metrics", "//metrics", "/x/../metrics", "/./metrics", "/%6detrics", "/metrics%2f"),
    *("/%2fmetrics", "/metrics/", "/metrics;x", "/metrics?x", "/metrics%3fx", "/metrics#x"),
    *("/metrics%0a", "/metrics%00", "/metrics%20", "/%256detrics", "/x%2f..%2fmetrics"),
    *("/metrics/.", "/metrics/x/..", "\\metrics", "/..%2fmetrics", "/../metrics", "/metrics%0d%0a"),
    *("http://u/metrics", "http://u//metrics", "http://u/%6detrics", "https://u/metrics"),
    *("/metrics/%2e", "/x/%2e%2e/metrics", "/metrics\\", "/livez/../metrics", "/metrics%23"),
)


@pytest.mark.parametrize("prefix", ["", "/likewise"])
@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_its_path_leads_to_the_metrics(behind, path, prefix):
    front, _ = behind
    place = path if path.startswith("http") else prefix + path
    seen = everything(front, f"GET {place} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
    assert statuses(seen)[0] in {400, 401, 404}
    assert b"likewise_requests" not in seen


UNREADABLE = {
    "small letters": (b"get /models HTTP/1.1\r\nHost: t\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (bytes.fromhex("1603010200010001fc0303") + b"x" * 500, 400),
    "above the root": (b"GET /../models HTTP/1.1\r\nHost: t\r\n\r\n", 400),
    "zero byte": (b"GET /models%00 HTTP/1.1\r\nHost: t\r\n\r\n", 400),
    "no host": (b"GET /models HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /models HTTP/1.1\r\nHost: t\r\nHost: u\r\n\r\n", 400),
    "unknown coding": (AMBIGUOUS["gzip"], 400),
    "long path": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n", 431),
    "long header": (b"GET / HTTP/1.1\r\nHost: t\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "TRACE": (b"TRACE /models HTTP/1.1\r\nHost: t\r\n\r\n", 405),
    "CONNECT": (b"CONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n", 400),
}


@pytest.mark.parametrize(("data", "status"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_the_gateway_cannot_read_is_a_problem_like_those_of_the_service(behind, data, status):
    front, _ = behind
    reply = front.send(data)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["status"] == status
    assert reply.headers["x-request-id"] == reply.json()["request_id"]


def test_a_client_of_http_1_0_without_a_host_is_answered(behind):
    front, _ = behind
    seen = everything(front, b"GET /models HTTP/1.0\r\nX-API-Key: " + KEY + b"\r\n\r\n")
    assert statuses(seen) == [200]


def chunked(path, body, content_type, *trailers, key=True, method="POST"):
    """A request in one chunk, with trailers behind it."""
    head = [f"{method} {path} HTTP/1.1", "Host: t", f"Content-Type: {content_type}"]
    head += [f"X-API-Key: {KEY.decode()}"] if key else []
    text = "\r\n".join([*head, "Transfer-Encoding: chunked", "", ""])
    end = "".join(f"{line}\r\n" for line in trailers)
    return text.encode() + b"%x\r\n" % len(body) + body + b"\r\n0\r\n" + f"{end}\r\n".encode()


def test_a_trailer_is_no_header_behind_the_gateway_either(behind):
    front, service = behind
    image = photo(1)
    without = front.send(
        chunked("/embed", image, "image/png", f"X-API-Key: {KEY.decode()}", key=False)
    )
    assert without.status == 401
    other = front.send(chunked("/embed", image, "text/plain", "Content-Type: image/png"))
    assert other.status == 415
    front.send(chunked("/embed", image, "image/png", "X-Forwarded-For: 6.6.6.6"))
    assert {line["client"] for line in answered(service)[-1:]} == {"127.0.0.1"}


def test_trailers_without_end_cost_the_service_nothing(behind):
    """nginx itself has no bound on them: it reads and drops them, and the service sees none."""
    front, service = behind
    before = service.memory("VmRSS")
    began = service.cpu_s()
    whole = chunked("/nowhere", b"x", "image/png", method="PUT")[:-2]
    with front.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(whole)
        for _ in range(100):
            connection.sendall(b"X-Long: " + b"a" * 1_000_000 + b"\r\n")
    assert service.memory("VmRSS") - before < 5_000_000
    assert service.cpu_s() - began < 1
    assert "PUT" not in {line["method"] for line in answered(service)}


PICTURES = (part("image1", photo(1)), part("image2", photo(1, 2)))
FIELD = part("threshold", b"0")
WHOLE, TYPE = form(*PICTURES, FIELD)
FORMS = {
    "usual": (WHOLE, TYPE),
    "blank behind a boundary": form(*PICTURES, FIELD.replace(b"xyz\r\n", b"xyz \r\n")),
    "tab behind a boundary": form(*PICTURES, FIELD.replace(b"xyz\r\n", b"xyz\t\r\n")),
    "LF before the first boundary": (b"\n" + form(FIELD, *PICTURES)[0], TYPE),
    "CRLF before the first boundary": (b"\r\n" + WHOLE, TYPE),
    "text before the first boundary": (b"words\r\n" + form(FIELD, *PICTURES)[0], TYPE),
    "parameter twice": form(*PICTURES, FIELD, part("threshold", b"9")),
    "image twice": form(*PICTURES, FIELD, PICTURES[0]),
    "name twice": form(*PICTURES, FIELD.replace(b'"threshold"', b'"threshold"; name="fmr"')),
    "quoted boundary": (WHOLE, TYPE.replace("xyz", '"xyz"')),
    "boundary and a tab": (WHOLE, TYPE + "\t"),
    "two boundaries": (WHOLE, TYPE + "; boundary=abc"),
    "another boundary": (WHOLE, TYPE.replace("xyz", "abc")),
}


@pytest.mark.parametrize(("body", "content_type"), FORMS.values(), ids=FORMS)
def test_a_form_means_the_same_with_and_without_the_gateway(behind, body, content_type):
    """And a threshold of 0 that was sent decides, or the form is refused."""
    front, service = behind
    data = request("/verify", body, content_type, f"X-API-Key: {KEY.decode()}")
    there, direct = front.send(data), service.send(data)
    assert there.status == direct.status
    if there.status == 200:
        assert there.json() == direct.json()
        assert there.json()["threshold"] == 0
    else:
        assert there.problem == direct.problem
        assert 400 <= there.status < 500


def test_two_requests_on_one_connection_get_their_own_answers(behind):
    front, _ = behind
    good = request("/embed", photo(1), "image/png", f"X-API-Key: {KEY.decode()}")
    with front.connect() as connection:
        connection.sendall(good + request("/nowhere") + good)
        assert [read_reply(connection).status for _ in range(3)] == [200, 401, 200]
