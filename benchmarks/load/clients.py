"""Clients that send at a steady rate whatever happens, and keep count of what fails.

`steady_load` measures latency to the millisecond and gives up at the first failure; here failures
are what is counted. A request waits for nothing but its time and a free client, and its time
counts from when it was due. Like any pool of connections, a client looks whether the server has
closed a connection before it sends on it again; it never sends a request twice.
"""

from __future__ import annotations

import http.client
import itertools
import select
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from benchmarks.payloads.bodies import Request

_TIMEOUT_S = 30.0
_SLOW_MS = 1000.0


@dataclass(frozen=True)
class Answer:
    """One request: how long it took from when it was due, and what was wrong, if anything."""

    ms: float
    wrong: str = ""


@dataclass(frozen=True)
class Count:
    """What the clients saw.

    `slow` took more than a second; `wrong` counts the failures by what was wrong.
    """

    requests: int
    failed: int
    median_ms: float
    slowest_ms: float
    slow: int
    wrong: dict[str, int]

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> Count:
        """Of at least one answer."""
        wrong = Counter(answer.wrong for answer in answers if answer.wrong)
        times = [answer.ms for answer in answers]
        median, slow = statistics.median(times), sum(ms > _SLOW_MS for ms in times)
        return cls(len(answers), wrong.total(), median, max(times), slow, dict(wrong))


class Clients:
    """So many clients that share a rate, for the length of a block; `count` is there afterwards."""

    def __init__(
        self, address: tuple[str, int], requests: Sequence[Request], rate: float, clients: int
    ) -> None:
        self._address, self._requests, self._rate = address, requests, rate
        self._numbers = itertools.count()
        self._answers: list[Answer] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(clients)]

    def __enter__(self) -> Self:
        """Begin."""
        self._start = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Send no more, and wait for the answers under way."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def count(self) -> Count:
        """What has been seen."""
        return Count.of(self._answers)

    def _send(self) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=_TIMEOUT_S)
        for number in self._numbers:
            due = self._start + number / self._rate
            if self._over.wait(due - time.monotonic()):
                break
            wrong = _ask(connection, self._requests[number % len(self._requests)])
            self._answers.append(Answer((time.monotonic() - due) * 1e3, wrong))
        connection.close()


def _ask(connection: http.client.HTTPConnection, request: Request) -> str:
    """Send one request, and say what was wrong."""
    if is_closed(connection):
        connection.close()
    try:
        headers = {"Content-Type": request.media_type, "Accept": request.accept}
        connection.request("POST", request.path, request.body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return type(error).__name__
    return "" if answer.status == http.client.OK else str(answer.status)


def is_closed(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has closed a connection that waits: then there is something to read."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])
