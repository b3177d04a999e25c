"""A client that is refused while it sends reads the answer: one real socket for each test."""

import asyncio
import contextlib
import socket
import time

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.server import lingering_close
from app.server.bounds import MAX_HEADERS, Bounds
from app.server.http_protocol import BoundedConnection

HEAD = b"POST / HTTP/1.1\r\nHost: test\r\n"
TOO_MANY = HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(MAX_HEADERS)) + b"\r\n"
TOO_LARGE = HEAD + b"Content-Length: 3000000\r\nConnection: close\r\n\r\n"
REST = bytes(1_000_000)


async def application(_, __, send):
    """Answer before the body is read."""
    await send(
        {"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body", "body": b""})


async def waiting_application(_, receive, __):
    """Wait for a body."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def talk(client_of, app=application, bounds=None):
    """Run a blocking client against one connection; what it returns, and whether all is closed."""
    config = uvicorn.Config(app, lifespan="off", log_config=None)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()

    def make():
        return BoundedConnection(
            bounds or Bounds(100, 10, 10), config=config, server_state=state, app_state={}
        )

    async with await loop.create_server(make, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            found = await asyncio.to_thread(client_of, client)
        await asyncio.sleep(0.05)
        return found, not state.connections


def answer_after(client, first, rest):
    """The status line that a client reads that sent more before it looked."""
    client.sendall(first)
    time.sleep(0.1)  # The answer is written by now.
    with contextlib.suppress(ConnectionError):
        client.sendall(rest)
    time.sleep(0.1)
    with contextlib.suppress(ConnectionError):
        return client.recv(100).split(b"\r\n")[0].decode()
    return None


@pytest.mark.parametrize(
    "first", [TOO_MANY, TOO_LARGE], ids=["by the server", "by the application"]
)
@pytest.mark.parametrize("rest", [b"", REST], ids=["nothing", "a body"])
def test_a_client_that_still_sends_reads_its_refusal(first, rest):
    found, is_closed = asyncio.run(talk(lambda client: answer_after(client, first, rest)))
    assert found.split()[1] == ("431" if first is TOO_MANY else "413")
    assert is_closed


def test_a_head_that_is_late_has_its_answer_though_more_comes():
    found, is_closed = asyncio.run(
        talk(
            lambda client: answer_after(client, b"POST / HT", b"T" * 10),
            bounds=Bounds(100, 0.05, 10),
        )
    )
    assert (found.split()[1], is_closed) == ("408", True)


def sends_for_ever(client):
    """Seconds until a client that only sends is cut off, and how much it sent."""
    client.sendall(TOO_MANY)
    began, sent = time.monotonic(), 0
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - began < 10:
            client.sendall(bytes(10_000))
            sent += 10_000
            time.sleep(0.001)
    return time.monotonic() - began, sent


def test_a_client_that_never_stops_is_cut_off(monkeypatch):
    monkeypatch.setattr(lingering_close, "LINGER_S", 0.3)
    monkeypatch.setattr(lingering_close, "MAX_LINGER_BYTES", 10**9)
    (seconds, _), is_closed = asyncio.run(talk(sends_for_ever))
    assert 0.2 < seconds < 5
    assert is_closed


def test_a_client_that_sends_much_is_cut_off(monkeypatch):
    monkeypatch.setattr(lingering_close, "LINGER_S", 60)
    monkeypatch.setattr(lingering_close, "MAX_LINGER_BYTES", 100_000)
    (seconds, sent), is_closed = asyncio.run(talk(sends_for_ever))
    assert seconds < 5
    assert 100_000 <= sent < 10_000_000
    assert is_closed


def test_an_application_that_waits_for_a_refused_body_is_let_go():
    head = HEAD + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\nxyz\r\n"
    found, is_closed = asyncio.run(
        talk(lambda client: answer_after(client, head, REST), waiting_application)
    )
    assert found.split()[1] in {"100", "400"}
    assert is_closed
