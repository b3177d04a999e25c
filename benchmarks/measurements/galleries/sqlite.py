"""Searches of galleries in SQLite: the service, bare SQL, and searches in memory."""

from __future__ import annotations

import itertools
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.host.cores import generator_cores, pinned_to, server_cores
from benchmarks.measurements.galleries import plain_search, searches
from benchmarks.measurements.galleries.people import People, draw
from benchmarks.measurements.galleries.stores import encodings, fill, sizes_of, sqlite_url
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Plot, Table
from benchmarks.servers.ceiling import running_ceiling
from benchmarks.servers.server import Server, likewise
from benchmarks.trials.contest import pictures_of
from benchmarks.trials.rounds import Contender, Turn, alternate, of_ceiling, rate, ratio

ABOUT = """\
The ten nearest of N drawn people in SQLite, one search after the other, one core for
the service. People have the spectrum of `faces-crops` (participation ratio 29), one template each;
every other probe is a new image of somebody in the gallery. "Service" is `identify` of an embedding
as JSON, over HTTP; "image" is `identify` of LFW pictures by `faces`, one after the other, and
"encoding and bare SQL" a plain loop of one process on the same core that decodes and encodes each
picture and runs one SQL statement; the rounds of the two alternate.
"SQL" is one statement of the driver on the same file, of an embedding; numpy
and FAISS search in memory on one core, and pandas is a loop over the rows of a frame, as deepface's
`find`. FAISS's HNSW has the numbers of neighbours and candidates that PostgreSQL's has. Recall is
that of the service, against an exact search. 512 numbers and codes have no bundle: their service is
that of 128 numbers, and "SQL" is measured."""

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
    of_images: list[tuple[Cell, ...]] = []
    _, files = pictures_of(plan, "face")
    with likewise(server_cores(), {"gallery_url": url, "threads": 1}) as server:
        for people in galleries:
            served = people.encoding == kinds[0]
            row, ours = _of_gallery(plan, url, people, server if served else None, folder)
            rows.append(row)
            if ours is None:
                continue
            sql = float(row[4] or 0)
            turns = _of_images(plan, server, url, people.name, files)
            size = f"{len(people.rows):,} identities"
            name = f"{size}, image, of encoding and bare SQL"
            spread = ratio(turns["plain"], turns["service"])
            figures.append(Figure.of(name, spread, at_most=_AT_MOST))
            figures.append(Figure(f"{size}, embedding, of bare SQL", ours / sql, "×"))
            of_images.append(
                (len(people.rows), *(1000 / rate(each).median for each in turns.values()))
            )
            curve.append((float(len(people.rows)), ours))
    columns = ("identities", "template", "service, ms", "recall@10")
    table = Table("One search, median", (*columns, *(f"{c}, ms" for c in _COLUMNS)), tuple(rows))
    images = Table(
        "One search by image", ("identities", "plain, ms", "service, ms"), tuple(of_images)
    )
    note = (
        f"The service's search takes {_ENOUGH_MS:.0f} ms with {_size_at(curve, _ENOUGH_MS):,.0f} "
        "identities, by the line between the two measured neighbours."
    )
    plot = Plot("gallery", "One search in SQLite", "identities", "ms", {"service": tuple(curve)})
    return Found(tuple(figures), (table, images), (plot,), (note,))


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


def _of_images(
    plan: Plan, server: Server, url: str, gallery: str, files: Path
) -> dict[str, list[Turn]]:
    """Search by image, one after the other: a plain loop and the service in turns."""
    arguments = (str(files), url, gallery)
    with (
        running_ceiling(server_cores(), *arguments, module=plain_search.__name__) as plain,
        pinned_to(generator_cores()),
    ):
        contenders = {
            "plain": of_ceiling(plain, plan.seconds),
            "service": _asking(plan, server, gallery, files),
        }
        contenders["service"]()  # Warms up.
        return alternate(contenders, plan.rounds)


def _asking(plan: Plan, server: Server, gallery: str, files: Path) -> Contender:
    """Return the service as a contender that one client asks, one picture after the other."""
    client, at = searches.Client(server.port), f"/galleries/{gallery}/identify?top={searches.TOP}"
    pictures = itertools.cycle([each.read_bytes() for each in sorted(files.iterdir())])

    def ask() -> Turn:
        began, cpu, count = time.perf_counter(), server.cpu_seconds(), 0
        while (spent := time.perf_counter() - began) < plan.seconds:
            client.post(at, next(pictures), "image/jpeg")
            count += 1
        used = max(server.cpu_seconds() - cpu, 1e-9)
        return Turn(count / spent, count / used)

    return ask


def _size_at(curve: list[tuple[float, float]], ms: float) -> float:
    """Size at which a search takes so long, between two measured ones on logarithmic axes."""
    sizes, times = np.log(np.array(curve)).T
    return float(np.exp(np.interp(np.log(ms), times, sizes)))
