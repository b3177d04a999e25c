"""Searches of a gallery by the service, by bare SQL, and by what users would take instead."""

from __future__ import annotations

import http.client
import importlib
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector.psycopg import register_vector
from sqlalchemy import make_url

from app.gallery.sql.opening import open_backend
from app.gallery.sql.postgres import candidates
from app.gallery.sql.sqlite import driver
from app.gallery.sql.tables import ROWS_BITS
from benchmarks.errors import BenchmarkError
from benchmarks.measurements.galleries.people import People, Rows

Search = Callable[[Rows], list[int]]
"""Rows of the ten nearest to a probe."""

TOP = 10
MOST_PANDAS, MOST_HNSW = 10_000, 100_000
"""Largest galleries that the slow scan is tried with, and that an index is built for here."""
NEIGHBOURS, BREADTH = 16, 64
"""HNSW's neighbours of a row, and candidates while building: pgvector's defaults."""
_HAMMING = "hamming"


class Client:
    """One connection to the service, by the lightest client of Python's library.

    Its time is no part of the service, and another client takes a millisecond.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, path: str, body: bytes, media_type: str) -> bytes:
        """Return the answer of a request.

        Raises:
            BenchmarkError: It is an error.
        """
        self._connection.request("POST", path, body, {"Content-Type": media_type})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            raise BenchmarkError(f"{path}: {answer.status} {content.decode()[:300]}")
        return content


def probe_body(people: People, probe: Rows) -> bytes:
    """Return the JSON of a search of an embedding."""
    sent = {"embedding": probe.tolist(), "sha256": people.encoding.sha256}
    return json.dumps({**sent, "top": TOP, "threshold": 1.0}).encode()


def service(port: int, people: People) -> Search:
    """Return the search by the service, of an embedding sent as JSON."""
    client, at = Client(port), f"/galleries/{people.name}/identify"
    sent = {probe.tobytes(): probe_body(people, probe) for probe in people.probes}

    def search(probe: Rows) -> list[int]:
        answer = client.post(at, sent[probe.tobytes()], "application/json")
        return [int(each["identity"]) for each in json.loads(answer)["candidates"]]

    return search


def bare_sql(url: str, people: People) -> Search:
    """Return the search by one statement of the store's driver, without the service."""
    if make_url(url).drivername.startswith("postgresql"):
        return _postgres(url, people)
    backend, module = open_backend(url, 60.0, 1), driver()
    connection = backend.engine.raw_connection().driver_connection
    assert isinstance(connection, module.Connection)  # noqa: S101 (for the types)
    first = _gallery_id(connection, people) << ROWS_BITS
    near = (
        "vec_distance_hamming(vec_bit(bits), vec_bit(?))"
        if people.encoding.is_codes
        else "vec_distance_L2(vector, ?)"
    )
    query = f"SELECT name FROM identities WHERE id BETWEEN ? AND ? ORDER BY {near} LIMIT {TOP}"  # noqa: S608

    def search(probe: Rows) -> list[int]:
        values = (first, first + (1 << ROWS_BITS) - 1, probe.tobytes())
        return [int(name) for (name,) in connection.execute(query, values).fetchall()]

    return search


def _postgres(url: str, people: People) -> Search:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(address, autocommit=True)
    register_vector(connection)
    width = candidates(TOP, len(people.rows))
    connection.execute(f"SET hnsw.ef_search = {width}")
    key, width = _gallery_id(connection, people), 8 * people.encoding.dim
    near = f"vector::vector({people.encoding.dim}) <-> %s::vector"
    if people.encoding.is_codes:
        near = f"bits::bit({width}) <~> %s::bit({width})"
    query = f"SELECT name FROM identities WHERE gallery_id = {key} ORDER BY {near} LIMIT {TOP}"  # noqa: S608

    def search(probe: Rows) -> list[int]:
        given: object = probe
        if people.encoding.is_codes:
            given = "".join(map(str, np.unpackbits(probe.astype(np.uint8)).tolist()))
        return [int(name) for (name,) in connection.execute(query, (given,)).fetchall()]

    return search


def _gallery_id(connection: Any, people: People) -> int:  # noqa: ANN401 (of either driver)
    query = f"SELECT id FROM galleries WHERE name = '{people.name}'"  # noqa: S608 (our own name)
    return int(connection.execute(query).fetchone()[0])


def in_memory(people: People, kept: Path) -> Mapping[str, Search]:
    """Return the searches in memory: numpy, pandas' rows, and FAISS, if they are installed.

    Args:
        people: The gallery.
        kept: Folder of indexes that were built before.
    """
    found: dict[str, Search] = {"numpy": _numpy(people)}
    pandas, faiss = _module("pandas"), _module("faiss")
    if pandas and len(people.rows) <= MOST_PANDAS and not people.encoding.is_codes:
        found["pandas"] = _pandas(pandas, people)
    if faiss:
        faiss.omp_set_num_threads(1)
        found["FAISS flat"] = _index(faiss, people, faiss_flat(faiss, people))
        file = kept / f"{people.name}.faiss"
        if file.exists() or len(people.rows) <= MOST_HNSW:
            index = faiss_hnsw(faiss, people, file)
            found["FAISS HNSW"] = _index(faiss, people, index)
    return found


def _numpy(people: People) -> Search:
    rows = people.rows

    def search(probe: Rows) -> list[int]:
        if people.encoding.is_codes:
            apart: NDArray[Any] = np.bitwise_count(rows ^ probe).sum(axis=1)  # type: ignore[operator]
        else:
            difference: NDArray[Any] = rows - probe  # type: ignore[operator]
            apart = np.einsum("ij,ij->i", difference, difference)
        nearest = np.argpartition(apart, TOP)[:TOP]
        return [int(place) for place in nearest[np.argsort(apart[nearest])]]

    return search


def _pandas(pandas: Any, people: People) -> Search:  # noqa: ANN401 (a module without types)
    """Return deepface's way to find: a loop over the rows of a frame, and a sort."""
    frame = pandas.DataFrame({"embedding": people.rows.tolist()})

    def search(probe: Rows) -> list[int]:
        sent = probe.tolist()
        apart = [np.linalg.norm(np.subtract(sent, row["embedding"])) for _, row in frame.iterrows()]
        return [int(place) for place in frame.assign(apart=apart).sort_values("apart").index[:TOP]]

    return search


def faiss_flat(faiss: Any, people: People) -> Any:  # noqa: ANN401
    """Return FAISS's exact index."""
    bits = 8 * people.encoding.dim
    codes = people.encoding.is_codes
    index = faiss.IndexBinaryFlat(bits) if codes else faiss.IndexFlatL2(people.encoding.dim)
    index.add(people.rows)
    return index


def faiss_hnsw(faiss: Any, people: People, file: Path) -> Any:  # noqa: ANN401
    """Return FAISS's HNSW, built now or read from a file, to which it is written."""
    codes = people.encoding.is_codes
    if file.exists():
        return (faiss.read_index_binary if codes else faiss.read_index)(str(file))
    bits = 8 * people.encoding.dim
    kind = faiss.IndexBinaryHNSW if codes else faiss.IndexHNSWFlat
    index = kind(bits if codes else people.encoding.dim, NEIGHBOURS)
    index.hnsw.efConstruction = BREADTH
    index.hnsw.efSearch = candidates(TOP, len(people.rows))
    index.add(people.rows)
    (faiss.write_index_binary if codes else faiss.write_index)(index, str(file))
    return index


def _index(faiss: Any, people: People, index: Any) -> Search:  # noqa: ANN401
    del faiss, people

    def search(probe: Rows) -> list[int]:
        return [int(place) for place in index.search(probe[None], TOP)[1][0]]

    return search


def _module(name: str) -> Any | None:  # noqa: ANN401 (a module without types)
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def milliseconds(search: Search, probes: Rows, rounds: int) -> list[float]:
    """Median time of a search in each round, in milliseconds; one search goes before."""
    search(probes[0])
    medians = []
    for _ in range(rounds):
        times = []
        for probe in probes:
            began = time.perf_counter()
            search(probe)
            times.append(1000 * (time.perf_counter() - began))
        medians.append(statistics.median(times))
    return medians


def recall(search: Search, probes: Rows, nearest: Sequence[Sequence[int]]) -> float:
    """Share of the ten nearest that a search finds; any of those that are as near counts."""
    shares = [
        len(set(search(probe)) & set(true)) / TOP
        for probe, true in zip(probes, nearest, strict=True)
    ]
    return statistics.mean(shares)
