"""Searches of a gallery in SQLite, against the same statement without HTTP, numpy and FAISS."""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from app.gallery.records import Encoding
from app.gallery.sql.commands import run
from app.gallery.sql.opening import open_backend
from app.gallery.sql.sqlite import WRITES
from app.gallery.sql.store import SqlStore
from app.gallery.sql.tables import ROWS_BITS, galleries, identities, sizes
from app.settings import SHIPPED_BUNDLES
from benchmarks.host.cores import server_cores
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers.server import likewise
from benchmarks.trials.rounds import Spread
from model.bundle import read_manifest

ABOUT = """\
The ten nearest of N identities, `faces`, 128 numbers each, to an embedding that is sent as JSON:
one request after the other to one worker with one core. Templates are clustered, ten around each of
N / 10 centres. "SQL" is the same statement on the same file without the service; numpy is the exact
search in memory on one core, and so is FAISS (`IndexFlatL2`, one thread), if `faiss-cpu` is
installed. Recall is the share of numpy's ten that the service has too."""

_SIZES = (1_000, 10_000, 100_000)
_PROBES, _TOP = 20, 10
_AT_MOST = 1.3
_SPREAD = 0.6
"""Distance of a template from its centre, before both are scaled to length 1."""

Rows = NDArray[np.float32]
Search = Callable[[Rows], list[int]]


def templates(count: int, dim: int, seed: int = 0) -> Rows:
    """Return clustered unit vectors, float32 (count, dim)."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(1, count // 10), dim))
    rows = centres[np.arange(count) % len(centres)]
    rows = rows + _SPREAD * random.standard_normal((count, dim))
    unit: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def fill(url: str, name: str, encoding: Encoding, rows: Rows) -> None:
    """Store all rows in one transaction; identity `7` is row 7."""
    backend = open_backend(url, 60.0, 1)
    store = SqlStore(backend)
    store.create(name, encoding)
    writing = backend.engine.connect().execution_options(**{WRITES: True})
    with writing as connection, connection.begin():
        found = connection.execute(galleries.select().where(galleries.c.name == name)).one()
        common = {"gallery_id": found.id, "images": 1, "bundle_id": found.bundle_id}
        common |= {"enrolled": datetime.now(UTC), "bits": None}
        first = found.id << ROWS_BITS
        values = [
            {**common, "id": first + place, "name": str(place), "vector": row}
            for place, row in enumerate(rows)
        ]
        connection.execute(insert(identities), values)
        counted = {"gallery_id": found.id, "images": 1, "identities": len(rows)}
        connection.execute(insert(sizes).values(counted))
    store.close()


def measure(plan: Plan) -> Found:
    """Measure the time of a search for each size."""
    manifest = read_manifest(SHIPPED_BUNDLES / "faces")
    encoding = Encoding.of(manifest)
    url = f"sqlite:///{Path(plan.workspace) / 'gallery.db'}"
    run("migrate", url)
    cells: list[tuple[Cell, ...]] = []
    figures: list[Figure] = []
    with likewise(server_cores(), {"gallery_url": url, "threads": 1}) as server:
        for count in _SIZES:
            name = f"of-{count}"
            rows = templates(count, encoding.dim)
            probes = templates(_PROBES, encoding.dim, seed=1)
            fill(url, name, encoding, rows)
            searches = _searches(url, name, encoding, rows, f"{server.url}/galleries/{name}")
            found = {each: [search(probe) for probe in probes] for each, search in searches.items()}
            spent = {each: _spread(plan, search, probes) for each, search in searches.items()}
            recall = _recall(found["service"], found["numpy"])
            shown = [spent[each].median if each in spent else None for each in _COLUMNS]
            cells.append((count, *shown, recall))
            ratio = spent["service"].median / spent["SQL"].median
            bar = _AT_MOST if count == _SIZES[-1] else None
            figures.append(Figure(f"{count:,} identities, of bare SQL", ratio, "×", at_most=bar))
    columns = ("identities", *(f"{each}, ms" for each in _COLUMNS), "recall@10")
    return Found(tuple(figures), (Table("One search, median", columns, tuple(cells)),))


_COLUMNS = ("service", "SQL", "numpy", "FAISS")


def _searches(
    url: str, name: str, encoding: Encoding, rows: Rows, address: str
) -> Mapping[str, Search]:
    store, client = SqlStore(open_backend(url, 60.0, 1)), httpx.Client(timeout=60)

    def service(probe: Rows) -> list[int]:
        sent = {"embedding": probe.tolist(), "sha256": encoding.sha256, "top": _TOP}
        answer = client.post(f"{address}/identify", json={**sent, "threshold": 1.0})
        answer.raise_for_status()
        return [int(each["identity"]) for each in answer.json()["candidates"]]

    def sql(probe: Rows) -> list[int]:
        found = store.nearest(name, encoding, probe, _TOP).identities
        return [int(each.name) for each in found]

    def exact(probe: Rows) -> list[int]:
        difference = rows - probe
        squared = np.einsum("ij,ij->i", difference, difference)
        nearest = np.argpartition(squared, _TOP)[:_TOP]
        return [int(place) for place in nearest[np.argsort(squared[nearest])]]

    searches: dict[str, Search] = {"service": service, "SQL": sql, "numpy": exact}
    faiss = _faiss()
    if faiss is not None:
        index = faiss.IndexFlatL2(rows.shape[1])
        index.add(rows)
        searches["FAISS"] = lambda probe: [int(i) for i in index.search(probe[None], _TOP)[1][0]]
    return searches


def _faiss() -> Any | None:  # noqa: ANN401 (a module without types)
    try:
        faiss = importlib.import_module("faiss")
    except ImportError:
        return None
    faiss.omp_set_num_threads(1)
    return faiss


def _spread(plan: Plan, search: Search, probes: Rows) -> Spread:
    """Milliseconds of a search: the median of its probes, in each round."""
    rounds = []
    for _ in range(plan.rounds):
        times = []
        for probe in probes:
            began = time.perf_counter()
            search(probe)
            times.append(1000 * (time.perf_counter() - began))
        rounds.append(statistics.median(times))
    return Spread.of(rounds)


def _recall(found: list[list[int]], true: list[list[int]]) -> float:
    shares = [len(set(one) & set(other)) / _TOP for one, other in zip(found, true, strict=True)]
    return statistics.mean(shares)
