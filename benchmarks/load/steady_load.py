"""Open-loop load: requests are sent on schedule, whether or not earlier ones are answered.

Latency counts from the due time of a request, so waiting for a slow server is included (no
coordinated omission). The sender spins on its own core, because timers of an event loop have a
resolution of a millisecond. Its lateness is measured too, and a run in which it fell behind is
refused. wrk has no such mode, and no distribution packages wrk2.
"""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import LoadRefusedError
from benchmarks.host.cores import generator_cores, pinned
from benchmarks.host.machine import ROOT
from benchmarks.payloads import bodies

_CONNECTIONS = 64
_CHUNK = 1 << 18
_LATE_MS = 1.0
"""Limit on the 99th percentile of lateness; above it the sender distorts the figures."""
_ATTEMPTS = 5
_DRAIN_S = 10.0
_OK = b"HTTP/1.1 200"


@dataclass(frozen=True)
class SteadyLoad:
    """Outcome of one run; latencies in milliseconds from the due time of each request.

    `late_p99_ms` is the lateness of the sender where a connection was free.
    """

    requests: int
    refused: int
    p50_ms: float
    p99_ms: float
    late_p99_ms: float


def send_steadily(
    port: int, folder: Path, rate: float, seconds: float, *, random: bool = False
) -> SteadyLoad:
    """Send `rate` requests per second, at equal intervals or as a Poisson process.

    A run in which the sender was late is repeated, because it does not measure the server.

    Raises:
        LoadRefusedError: A request failed, or the sender was late in every run.
    """
    arguments = [str(port), str(folder), f"{rate:g}", f"{seconds:g}", str(int(random))]
    for _ in range(_ATTEMPTS):
        seen = _run_sender(arguments)
        if seen.refused:
            raise LoadRefusedError(f"{seen.refused} of {seen.requests} requests were refused")
        if seen.late_p99_ms <= _LATE_MS:
            return seen
    raise LoadRefusedError(
        f"the sender was late in all of {_ATTEMPTS} runs, in the last by {seen.late_p99_ms:.2f} ms "
        "at the 99th percentile; make sure that the machine is idle"
    )


def _run_sender(arguments: Sequence[str]) -> SteadyLoad:
    """Run the sender once, in its own process."""
    command = [sys.executable, "-m", "benchmarks.load.steady_load", *arguments]
    run = subprocess.run(  # noqa: S603 (our own command)
        pinned(_first(command), generator_cores()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise LoadRefusedError(f"the sender failed: {run.stderr.strip()[-500:]}")
    return SteadyLoad(**json.loads(run.stdout))


def _first(command: list[str]) -> list[str]:
    """Return the command with the first right to its core, where this user may give it."""
    nice = shutil.which("nice")
    if nice is None or os.geteuid() != 0:
        return command
    return [nice, "-n", "-19", *command]


@dataclass
class _Connection:
    """One connection: the unsent rest of a request, and the received part of its answer."""

    socket: socket.socket
    rest: memoryview = field(default_factory=lambda: memoryview(b""))
    answer: bytearray = field(default_factory=bytearray)
    due: float = 0.0

    def start(self, request: bytes, due: float) -> None:
        self.rest, self.due = memoryview(request), due
        self.answer.clear()
        self.send()

    def send(self) -> None:
        try:
            while self.rest:
                self.rest = self.rest[self.socket.send(self.rest) :]
        except BlockingIOError:
            return

    def receive(self) -> bool:
        """Read the available bytes; return whether the answer is complete."""
        received = self.socket.recv(_CHUNK)
        if not received:
            raise ConnectionError("the server closed a connection")
        self.answer += received
        head = self.answer.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = bytes(self.answer[:head]).lower().partition(b"content-length:")[2]
        return len(self.answer) >= head + 4 + int(length.split(b"\r\n")[0])


class Sender:
    """Sends requests on schedule over connections that are opened and used beforehand.

    Otherwise accepting the connections makes a queue before the first request is due.
    """

    def __init__(self, port: int, requests: Sequence[bodies.Request]) -> None:
        self._requests = [_as_http(request) for request in requests]
        self._poll = select.epoll()
        self._open: dict[int, _Connection] = {}
        for _ in range(_CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(False)
            self._poll.register(connection, select.EPOLLIN)
            self._open[connection.fileno()] = _Connection(connection)
        self._idle = deque(self._open.values())
        self._warm_up()
        self._latencies: list[float] = []
        self._late: list[float] = []
        self._refused = 0

    def __enter__(self) -> Self:
        """Return the connected sender."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close all connections."""
        for connection in self._open.values():
            connection.socket.close()
        self._poll.close()

    def run(self, dues: NDArray[np.float64]) -> SteadyLoad:
        """Send a request at each due time, in seconds from now, and wait for all answers."""
        start, sent = time.perf_counter(), 0
        give_up = start + float(dues[-1]) + _DRAIN_S
        while len(self._latencies) < len(dues):
            now = time.perf_counter()
            if now > give_up:
                raise TimeoutError(f"{len(dues) - len(self._latencies)} requests had no answer")
            if sent < len(dues) and now >= start + dues[sent] and self._idle:
                self._send(sent, start + float(dues[sent]), now)
                sent += 1
            self._take_answers()
        p50, p99 = np.percentile(self._latencies, (50, 99)) * 1e3
        late = float(np.percentile(self._late, 99)) * 1e3 if self._late else 0.0
        return SteadyLoad(len(dues), self._refused, float(p50), float(p99), late)

    def _warm_up(self) -> None:
        for number, connection in self._open.items():
            connection.start(self._requests[0], 0.0)
            while True:
                self._watch(connection)
                ready = dict(self._poll.poll(_DRAIN_S))
                if number not in ready:
                    raise TimeoutError("the first request of a connection had no answer")
                connection.send()
                if ready[number] & select.EPOLLIN and connection.receive():
                    break

    def _send(self, index: int, due: float, now: float) -> None:
        # If no connection was free before, the server was late and not the sender.
        if len(self._idle) > 1:
            self._late.append(now - due)
        connection = self._idle.popleft()
        connection.start(self._requests[index % len(self._requests)], due)
        self._watch(connection)

    def _take_answers(self) -> None:
        for number, event in self._poll.poll(0):
            connection = self._open[number]
            if event & select.EPOLLOUT:
                connection.send()
                self._watch(connection)
            if event & select.EPOLLIN and connection.receive():
                self._latencies.append(time.perf_counter() - connection.due)
                self._refused += not connection.answer.startswith(_OK)
                self._idle.append(connection)

    def _watch(self, connection: _Connection) -> None:
        events = select.EPOLLIN | (select.EPOLLOUT if connection.rest else 0)
        self._poll.modify(connection.socket, events)


def due_times(rate: float, seconds: float, *, random: bool) -> NDArray[np.float64]:
    """Return due times in seconds: at equal intervals, or as a seeded Poisson process."""
    count = max(1, round(rate * seconds))
    if not random:
        return np.arange(count) / rate
    return np.cumsum(np.random.default_rng(0).exponential(1 / rate, count))


def _as_http(request: bodies.Request) -> bytes:
    head = (
        f"POST {request.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: {request.media_type}\r\nAccept: {request.accept}\r\n"
        f"Content-Length: {len(request.body)}\r\n\r\n"
    )
    return head.encode() + request.body


def _main(port: str, folder: str, rate: str, seconds: str, random: str) -> None:
    with Sender(int(port), bodies.read(Path(folder))) as sender:
        seen = sender.run(due_times(float(rate), float(seconds), random=random == "1"))
    sys.stdout.write(json.dumps(vars(seen)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
