"""Searches of galleries in PostgreSQL by HNSW, and enrolment in both stores."""

from __future__ import annotations

import http.client
import itertools
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx
import numpy as np

from app.gallery.records import Enrolment
from app.gallery.sql.opening import open_store
from benchmarks.errors import BenchmarkError, LoadRefusedError
from benchmarks.host.cores import generator_cores, pinned_to, server_cores
from benchmarks.load.steady_load import send_steadily
from benchmarks.measurements.galleries import searches
from benchmarks.measurements.galleries.people import People, draw
from benchmarks.measurements.galleries.sqlite import kind_of
from benchmarks.measurements.galleries.stores import (
    PROBES,
    encodings,
    pin_postgres,
    postgres_url,
    sizes_of,
    sqlite_url,
)
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers.server import Server, likewise
from benchmarks.trials.contest import pictures_of, requests_in, saturated

ABOUT = """\
The same people as above in PostgreSQL 18 with pgvector, each gallery with its HNSW
index (`shared_buffers` 1 GB, the index made with `maintenance_work_mem` 2 GB; `ef_search` as the
service chooses it, and 100 for all sizes before [decision
64](decisions/0064-candidates-by-the-size-of-a-gallery.md)). The service and PostgreSQL share one
core. The exponent of growth is the slope of the logarithm of a search's time, by bare SQL unless it
says otherwise, over that of the size. "p99 / p50" is of `identify` at 70 % of the capacity measured
in the same run, at equal intervals, as under [latency](#latency-at-70-of-capacity). Enrolment sends
LFW pictures to `faces`, eight at a time, as /embed gets them; one thread keeps a new gallery
of SQLite. "At once" is `enrol_many`, which is COPY in PostgreSQL, into a gallery without an
index."""

_RECALL, _TAIL_RATIO, _GROWTH, _ENROL = 0.99, 3.0, 0.3, 0.8
_SHARE = 0.7
_PROBES = 100
"""Probes by which recall is measured; a fifth of them are timed."""
_FEWEST = 500
"""Requests in a round, so that five are beyond the 99th percentile."""
_CLIENTS = 8
_AT_ONCE = 10_000


def measure(plan: Plan) -> Found:
    """Measure searches by size, latency under load, and enrolment.

    Raises:
        BenchmarkError: No folder of filled galleries was given.
    """
    if plan.galleries is None:
        raise BenchmarkError("give --galleries FOLDER, filled by benchmarks.measurements.galleries")
    url = postgres_url(plan.galleries)
    pin_postgres(plan.galleries, server_cores())
    kinds, largest = encodings(), _largest(url)
    figures: list[Figure] = []
    rows: list[tuple[Cell, ...]] = []
    with likewise(server_cores(), {"gallery_url": url, "threads": 1}) as server:
        for kind in kinds:
            for size in sizes_of(kind, largest):
                people = draw(kind, size, _PROBES)
                served = kind == kinds[0]
                rows.append(_of_gallery(plan, url, people, server if served else None))
                if served:
                    last, share = people, float(rows[-1][4] or 0)
        figures.append(Figure(f"recall@10, {largest:,} identities", share, "", at_least=_RECALL))
        try:
            ratio, p50, p99 = _under_load(plan, server, last)
            name = f"p99 / p50 at 70 %, {largest:,} identities"
            figures.append(Figure(name, ratio, "×", at_most=_TAIL_RATIO))
            note = f"Under load: p50 {p50:.1f} ms, p99 {p99:.1f} ms."
        except LoadRefusedError as error:
            note = f"p99 under load has no figure: {error}."
    for name, column in (("identify", 2), ("bare SQL", 3)):
        times = [(float(row[0] or 0), float(row[column] or 0)) for row in rows if row[2]]
        figures.append(Figure(f"exponent of growth, {name}", _exponent(times), "", at_most=_GROWTH))
    figures += _enrolment(plan)
    figures += [_at_once(each, url) for each, url in _stores(plan, url)]
    columns = ("identities", "template", "service, ms", "SQL, ms", "recall@10")
    return Found(tuple(figures), (Table("One search, median", columns, tuple(rows)),), (), (note,))


def _largest(url: str) -> int:
    """Return the largest gallery of `faces` that was filled."""
    store = open_store(url, 60.0, 1)
    found = [
        gallery.identities for gallery in store.galleries() if gallery.encoding.model == "faces"
    ]
    store.close()
    return max(found, default=0)


def _of_gallery(plan: Plan, url: str, people: People, server: Server | None) -> tuple[Cell, ...]:
    bare = searches.bare_sql(url, people)
    nearest, some = people.nearest(searches.TOP), people.probes[:PROBES]
    ours = None
    if server is not None:
        asked = searches.service(server.port, people)
        with pinned_to(generator_cores()):
            ours = statistics.median(searches.milliseconds(asked, some, plan.rounds))
    spent = statistics.median(searches.milliseconds(bare, some, plan.rounds))
    share = searches.recall(bare, people.probes, nearest)
    return len(people.rows), kind_of(people), ours, spent, share


def _under_load(plan: Plan, server: Server, people: People) -> tuple[float, float, float]:
    """Median of p99 / p50 over the rounds, with the medians of both, in milliseconds."""
    path = f"/galleries/{people.name}/identify"
    requests = [
        bodies.Request(path, bodies.JSON, searches.probe_body(people, probe))
        for probe in people.probes
    ]
    folder = requests_in(plan, "gallery-load", requests)
    rate = _SHARE * saturated(plan, server, folder)().per_second
    seconds = max(plan.seconds, _FEWEST / rate)
    seen = [send_steadily(server.port, folder, rate, seconds) for _ in range(plan.rounds)]
    return (
        statistics.median(each.p99_ms / each.p50_ms for each in seen),
        statistics.median(each.p50_ms for each in seen),
        statistics.median(each.p99_ms for each in seen),
    )


def _exponent(times: Sequence[tuple[float, float]]) -> float:
    sizes, spent = np.log(np.array(times, dtype=np.float64)).T
    return float(np.polyfit(sizes, spent, 1)[0])


@dataclass(frozen=True)
class _Sent:
    method: str
    path: str
    is_numbered: bool


def _enrolment(plan: Plan) -> list[Figure]:
    """Enrolments a second into SQLite, as a share of the images that /embed takes."""
    made, _ = pictures_of(plan, "face")
    url = sqlite_url(plan.workspace)
    embed = _Sent("POST", "/embed?model=faces", is_numbered=False)
    enrol = _Sent("PUT", "/galleries/new/identities/p", is_numbered=True)
    shares, rates = [], []
    with likewise(server_cores(), {"gallery_url": url, "threads": 1}) as server:
        httpx.put(f"{server.url}/galleries/new?model=faces").raise_for_status()
        numbers = itertools.count()
        for _ in range(plan.rounds):
            ceiling = _rate(server, embed, made.files, plan.seconds, numbers)
            rates.append(_rate(server, enrol, made.files, plan.seconds, numbers))
            shares.append(rates[-1] / ceiling)
    return [
        Figure("enrolment in SQLite, of /embed", statistics.median(shares), "×", at_least=_ENROL),
        Figure("enrolment in SQLite", statistics.median(rates), "/s"),
    ]


def _rate(
    server: Server,
    sent: _Sent,
    files: Sequence[bytes],
    seconds: float,
    numbers: itertools.count[int],
) -> float:
    """Answers a second to some clients, each of which waits for its answer before the next."""
    end, done = time.monotonic() + seconds, []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while time.monotonic() < end:
            number = next(numbers)
            path = f"{sent.path}{number}" if sent.is_numbered else sent.path
            body = files[number % len(files)]
            connection.request(sent.method, path, body, {"Content-Type": "image/jpeg"})
            answer = connection.getresponse()
            answer.read()
            done.append(answer.status)

    threads = [threading.Thread(target=client) for _ in range(_CLIENTS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if set(done) != {http.client.OK}:
        raise BenchmarkError(f"answers of {sent.path}: {set(done)}")
    return len(done) / (time.monotonic() - began)


def _stores(plan: Plan, url: str) -> list[tuple[str, str]]:
    return [("SQLite", sqlite_url(plan.workspace)), ("PostgreSQL", url)]


def _at_once(kind: str, url: str) -> Figure:
    """Measure identities a second of a load into an empty gallery, without its index."""
    people = draw(encodings()[0], _AT_ONCE, 2)
    store = open_store(url, 600.0, 2)
    name = f"at-once-{time.time_ns()}"
    store.create(name, people.encoding)
    marks: list[float] = []

    def parts() -> Iterator[dict[str, Enrolment]]:
        for part in people.parts(_AT_ONCE):
            marks.append(time.perf_counter())
            yield part
            marks.append(time.perf_counter())

    store.load(name, people.encoding, parts())
    store.drop(name)
    store.close()
    return Figure(f"identities at once, {kind}", _AT_ONCE / (marks[1] - marks[0]), "/s")
