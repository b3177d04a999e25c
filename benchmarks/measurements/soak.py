"""Many requests, a share of them hostile: answers, memory, descriptors, threads and restarts."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.host import processes
from benchmarks.host.cores import generator_cores, pinned_to, server_cores
from benchmarks.load.exchanges import Statuses, run_exchanges
from benchmarks.measurements.memory import good_requests
from benchmarks.payloads.hostile import Exchange, hostile, usual
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Plot, Table
from benchmarks.servers.server import Server, likewise
from benchmarks.trials.contest import pictures_of

ABOUT = """\
Two workers with every shipped bundle on one core. From 32 connections come the requests of the
section about memory and, as the share that `--hostile` gives, some 40 kinds of hostile ones:
content that is refused, bytes that are no request, and clients that leave or reset. After each
twentieth the clients are closed, and the service's processes looked at."""

_CONNECTIONS = 32
_WORKERS = 2
_LOOKS = 20
_SETTLE_S = 1.0
_MAX_GROWTH = 0.05
_SERVER_ERROR, _BUSY = "5", "503"


@dataclass(frozen=True)
class _Look:
    """The service's processes after a number of requests."""

    requests: int
    resident_mb: float
    files: int
    threads: int
    workers: frozenset[int]


def measure(plan: Plan) -> Found:
    """Send the requests and compare the processes at the end with those after the first tenth."""
    seen: Statuses = Counter()
    with (
        likewise(server_cores(), {"workers": _WORKERS, "max_waiting": 4 * _CONNECTIONS}) as server,
        pinned_to(generator_cores()),
    ):
        looks = [_look(server, 0)]
        for part in _parts(plan):
            seen += run_exchanges(server.port, part, _CONNECTIONS)
            time.sleep(_SETTLE_S)
            looks.append(_look(server, sum(seen.values())))
    points = tuple((float(look.requests), look.resident_mb) for look in looks[1:])
    plot = Plot("memory", "Memory of the largest process", "requests", "MB", {"worker": points})
    return Found(_figures(looks, seen), _tables(seen), (plot,))


def _parts(plan: Plan) -> Iterator[list[Exchange]]:
    """Yield the exchanges in the order drawn by a fixed seed, a twentieth at a time."""
    chosen = random.Random(19)  # noqa: S311 (no secret)
    good = usual(good_requests(plan))
    bad = hostile(pictures_of(plan, "lfw")[0].files)
    per_look = -(-plan.requests // _LOOKS)
    for _ in range(_LOOKS):
        yield [
            chosen.choice(bad if chosen.random() < plan.hostile else good) for _ in range(per_look)
        ]


def _look(server: Server, requests: int) -> _Look:
    pids = list(processes.tree(server.pid))
    return _Look(
        requests,
        processes.largest_resident_mb(server.pid),
        sum(map(processes.open_files, pids)),
        sum(map(processes.threads, pids)),
        frozenset(pids),
    )


def _figures(looks: Sequence[_Look], seen: Statuses) -> tuple[Figure, ...]:
    early, last = looks[1 + _LOOKS // 10], looks[-1]
    growth = (last.resident_mb - early.resident_mb) / early.resident_mb
    restarts = len(frozenset().union(*(look.workers for look in looks)) - looks[0].workers)
    wrong = sum(
        count
        for (_, is_hostile, status), count in seen.items()
        if not is_hostile and status != "200"
    )
    failed = sum(
        count
        for (_, is_hostile, status), count in seen.items()
        if is_hostile and status.startswith(_SERVER_ERROR) and status != _BUSY
    )
    return (
        Figure("usual requests with another answer than 200", wrong, at_most=0),
        Figure("hostile requests with a 5xx other than 503", failed, at_most=0),
        Figure("processes that ended and were replaced", restarts, at_most=0),
        Figure("growth of the largest process", 100 * growth, "%", at_most=100 * _MAX_GROWTH),
        Figure("growth of open files", last.files - early.files, at_most=0),
        Figure("growth of threads", last.threads - early.threads, at_most=0),
    )


def _tables(seen: Statuses) -> tuple[Table, ...]:
    by_status: Counter[tuple[bool, str]] = Counter()
    for (_, is_hostile, status), count in seen.items():
        by_status[is_hostile, status] += count
    statuses: list[tuple[Cell, ...]] = [
        ("hostile" if is_hostile else "usual", status, count)
        for (is_hostile, status), count in sorted(by_status.items())
    ]
    kinds: list[tuple[Cell, ...]] = [
        (kind, status, count)
        for (kind, is_hostile, status), count in sorted(seen.items())
        if is_hostile
    ]
    return (
        Table("Answers by status", ("requests", "status", "number"), tuple(statuses)),
        Table("Hostile requests by kind", ("kind", "status", "number"), tuple(kinds)),
    )
