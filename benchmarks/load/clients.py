"""Clients that send at a steady rate and count failures.

`steady_load` measures latency to the millisecond and gives up at the first failure; here failures
are counted. A request waits only for its due time and a free client; its latency counts from the
due time. Like any connection pool, a client checks whether the server has closed a connection
before it reuses it; it never sends a request twice.
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
    """Latency of one request from its due time, and the reason of its failure, if any."""

    ms: float
    wrong: str = ""


@dataclass(frozen=True)
class Count:
    """Outcome of a run.

    `slow` counts requests of more than a second; `wrong` counts failures by reason.
    """

    requests: int
    failed: int
    median_ms: float
    slowest_ms: float
    slow: int
    wrong: dict[str, int]

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> Count:
        """Return the count of at least one answer."""
        wrong = Counter(answer.wrong for answer in answers if answer.wrong)
        times = [answer.ms for answer in answers]
        median, slow = statistics.median(times), sum(ms > _SLOW_MS for ms in times)
        return cls(len(answers), wrong.total(), median, max(times), slow, dict(wrong))


class Clients:
    """A number of clients that share a rate, for the length of a block; then call `count`."""

    def __init__(
        self, address: tuple[str, int], requests: Sequence[Request], rate: float, clients: int
    ) -> None:
        self._address, self._requests, self._rate = address, requests, rate
        self._numbers = itertools.count()
        self._answers: list[Answer] = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(clients)]

    def __enter__(self) -> Self:
        """Start sending."""
        self._start = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop sending, and wait for the outstanding answers."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def count(self) -> Count:
        """Count the answers so far."""
        return Count.of(self._answers)

    def _send(self) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=_TIMEOUT_S)
        for number in self._numbers:
            due = self._start + number / self._rate
            if self._stopped.wait(due - time.monotonic()):
                break
            wrong = _ask(connection, self._requests[number % len(self._requests)])
            self._answers.append(Answer((time.monotonic() - due) * 1e3, wrong))
        connection.close()


def _ask(connection: http.client.HTTPConnection, request: Request) -> str:
    """Send one request, and return the reason of its failure; empty on success."""
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
    """Return whether the server has closed an idle connection, which then is readable."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])
