"""Searches of galleries in SQLite: the service, bare SQL, and searches in memory."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.host.cores import generator_cores, pinned_to, server_cores
from benchmarks.measurements.galleries import searches
from benchmarks.measurements.galleries.people import People, draw
from benchmarks.measurements.galleries.stores import encodings, fill, sizes_of, sqlite_url
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Plot, Table
from benchmarks.servers.ceiling import running_ceiling
from benchmarks.servers.server import Server, likewise
from benchmarks.trials.contest import pictures_of
from benchmarks.trials.rounds import alternate, of_ceiling, rate

ABOUT = """\
The ten nearest of N drawn people in SQLite, one search after the other, one core for the service.
People have the spectrum of `faces` (participation ratio 29), one template each; every other probe
is a new image of somebody in the gallery. "Service" is `identify` of an embedding as JSON, over
HTTP; "image" is `identify` of an LFW picture by `faces`, and "encoding" the plain loop of decoding
and the graph. "SQL" is one statement of the driver on the same file; numpy and FAISS search in
memory on one core, and pandas is a loop over the rows of a frame, as deepface's `find`. FAISS's
HNSW has the numbers of neighbours and candidates that PostgreSQL's has. Recall is that of the
service, against an exact search. 512 numbers and codes have no bundle: their service is that of 128
numbers, and "SQL" is measured."""

_COLUMNS = ("SQL", "numpy", "pandas", "FAISS flat", "FAISS HNSW")
_PROBES = {1_000: 20, 10_000: 20, 100_000: 8, 1_000_000: 3}
_AT_MOST = 1.3
_DEFAULT_LARGEST = 100_000
_ENOUGH_MS = 50.0
"""A search that takes longer is beyond what SQLite is for."""


def measure(plan: Plan) -> Found:
    """Measure the time of a search by size and by kind of template."""
    folder = plan.galleries or plan.workspace
    largest = 1_000_000 if plan.galleries else _DEFAULT_LARGEST
    url = sqlite_url(folder)
    kinds = encodings()
    galleries = [
        draw(kind, size, _PROBES[size]) for kind in kinds for size in sizes_of(kind, largest)
    ]
    for people in galleries:
        fill(url, people)
    figures: list[Figure] = []
    rows: list[tuple[Cell, ...]] = []
    curve: list[tuple[float, float]] = []
    _, files = pictures_of(plan, "lfw")
    encoding_ms = _encoding_ms(plan, files)
    with likewise(server_cores(), {"gallery_url": url, "threads": 1}) as server:
        for people in galleries:
            served = people.encoding == kinds[0]
            row, ours = _of_gallery(plan, url, people, server if served else None, folder)
            rows.append(row)
            if ours is None:
                continue
            sql = float(row[4] or 0)
            of_image = _images_ms(plan, server, people, files)
            size = f"{len(people.rows):,} identities"
            figures.append(
                Figure(
                    f"{size}, image, of bare SQL and encoding",
                    of_image / (sql + encoding_ms),
                    "×",
                    at_most=_AT_MOST,
                )
            )
            figures.append(Figure(f"{size}, embedding, of bare SQL", ours / sql, "×"))
            curve.append((float(len(people.rows)), ours))
    columns = ("identities", "template", "service, ms", "recall@10")
    table = Table("One search, median", (*columns, *(f"{c}, ms" for c in _COLUMNS)), tuple(rows))
    note = (
        f"Decoding and encoding an LFW picture takes {encoding_ms:.1f} ms in the plain loop. The "
        f"service's search takes {_ENOUGH_MS:.0f} ms with {_size_at(curve, _ENOUGH_MS):,.0f} "
        "identities, by the line between the two measured neighbours."
    )
    plot = Plot("gallery", "One search in SQLite", "identities", "ms", {"service": tuple(curve)})
    return Found(tuple(figures), (table,), (plot,), (note,))


def _of_gallery(
    plan: Plan, url: str, people: People, server: Server | None, folder: Path
) -> tuple[tuple[Cell, ...], float | None]:
    found = {"SQL": searches.bare_sql(url, people), **searches.in_memory(people, folder)}
    spent: dict[str, float] = {}
    ours, share = None, None
    if server is not None:
        asked = searches.service(server.port, people)
        with pinned_to(generator_cores()):
            ours = statistics.median(searches.milliseconds(asked, people.probes, plan.rounds))
        share = searches.recall(asked, people.probes, people.nearest(searches.TOP))
    for name, search in found.items():
        few = people.probes[:2] if name == "pandas" else people.probes
        spent[name] = statistics.median(searches.milliseconds(search, few, plan.rounds))
    cells = (len(people.rows), kind_of(people), ours, share, *(spent.get(c) for c in _COLUMNS))
    return cells, ours


def kind_of(people: People) -> str:
    """Say what a template is."""
    dim = people.encoding.dim
    return f"{8 * dim} bits" if people.encoding.is_codes else f"{dim} numbers"


def _encoding_ms(plan: Plan, files: Path) -> float:
    with running_ceiling(server_cores(), "embed", "faces", str(files), "1") as loop:
        turns = alternate({"loop": of_ceiling(loop, plan.seconds)}, plan.rounds)
        return 1000 / rate(turns["loop"]).median


def _images_ms(plan: Plan, server: Server, people: People, files: Path) -> float:
    """Median time of `identify` with a picture, in milliseconds."""
    client, at = searches.Client(server.port), f"/galleries/{people.name}/identify"
    pictures = [each.read_bytes() for each in sorted(files.iterdir())[: len(people.probes)]]
    times = []
    with pinned_to(generator_cores()):
        for picture in [pictures[0], *plan.rounds * pictures]:
            began = time.perf_counter()
            client.post(f"{at}?top={searches.TOP}", picture, "image/jpeg")
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[1:])


def _size_at(curve: list[tuple[float, float]], ms: float) -> float:
    """Size at which a search takes so long, between two measured ones on logarithmic axes."""
    sizes, times = np.log(np.array(curve)).T
    return float(np.exp(np.interp(np.log(ms), times, sizes)))
