"""The longest wait for `GET /livez` while a body arrives: the longest gap of the event loop."""

import contextlib
import select
import socket
import time

from benchmarks.errors import LoadRefusedError
from benchmarks.payloads.bodies import Request

_CHUNK = 1 << 18
_PING = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_ALIVE = b'{"status":"alive"}'
_PATIENCE_S = 60.0
_IDLE_PINGS = 2_000


def longest_idle_ms(port: int) -> float:
    """Return the longest of 2,000 waits, in milliseconds, of a service that does nothing else."""
    with _connect(port) as pings:
        return max(_ping(pings) for _ in range(_IDLE_PINGS)) * 1e3


def longest_wait_ms(port: int, request: Request) -> float:
    """Return the longest wait, in milliseconds, from a body's first byte to its answer.

    Raises:
        LoadRefusedError: The service does not answer.
    """
    longest = 0.0
    give_up = time.perf_counter() + _PATIENCE_S
    with _connect(port) as pings, _connect(port) as upload:
        upload.setblocking(False)
        rest = memoryview(_head(request) + request.body)
        while True:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                rest = rest[upload.send(rest[:_CHUNK]) :]
            longest = max(longest, _ping(pings))
            if _is_answered(upload):
                return longest * 1e3
            if time.perf_counter() > give_up:
                raise LoadRefusedError(f"{request.path} had no answer in {_PATIENCE_S:g} s")


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), _PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _ping(connection: socket.socket) -> float:
    """Return the seconds that `GET /livez` takes."""
    began = time.perf_counter()
    connection.sendall(_PING)
    answer = b""
    while not answer.endswith(_ALIVE):
        received = connection.recv(_CHUNK)
        if not received:
            raise LoadRefusedError("the service closed a connection")
        answer += received
    return time.perf_counter() - began


def _is_answered(upload: socket.socket) -> bool:
    """Return whether an answer, or the connection's end, is there."""
    return bool(select.select([upload], [], [], 0)[0])


def _head(request: Request) -> bytes:
    return (
        f"POST {request.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: {request.media_type}\r\nAccept: {request.accept}\r\n"
        f"Content-Length: {len(request.body)}\r\n\r\n"
    ).encode()
