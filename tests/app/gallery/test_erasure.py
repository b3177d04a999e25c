from pathlib import Path

import numpy as np
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.gallery.records import Encoding, Enrolment
from app.gallery.sql.opening import open_backend
from app.gallery.sql.store import SqlStore
from model.manifest import Metric
from tests.galleries import of_postgres, of_sqlite

DIM = 128
ENCODING = Encoding("tiny", "1.0.0", "a" * 64, "e" * 64, Metric.L2, DIM)


def fill(store, name, count, seed):
    random = np.random.default_rng(seed)
    store.create(name, ENCODING)
    rows = random.standard_normal((count, DIM)).astype(np.float32)
    for place in random.permutation(count):
        store.enrol(name, f"{name} person {place:04d}", ENCODING, Enrolment(1, rows[place]))
    return rows


def remains(files, name, places, rows):
    """The erased identities of which a file still holds the name or a part of the template."""
    content = b"".join(file.read_bytes() for file in files)
    found = [p for p in places if f"{name} person {p:04d}".encode() in content]
    return found + [p for p in places if rows[p][40:52].tobytes() in content]


@of_sqlite
def test_no_file_of_sqlite_holds_anything_of_the_erased(store_url, store, name):
    folder = Path(make_url(store_url).database).parent
    rows = fill(store, name, 200, seed=5)
    erased = np.random.default_rng(6).choice(200, 60, replace=False)
    assert len(remains(folder.iterdir(), name, erased, rows)) == 120
    for place in erased:
        receipt = store.erase(name, f"{name} person {place:04d}")
        assert receipt.waiting == ()
    assert remains(folder.iterdir(), name, erased, rows) == []
    kept = sorted(set(range(200)) - set(erased.tolist()))
    assert len(remains(folder.iterdir(), name, kept, rows)) == 2 * len(kept)


@of_sqlite
def test_no_file_of_sqlite_holds_anything_of_a_dropped_gallery(store_url, store, name):
    rows = fill(store, name, 50, seed=7)
    store.drop(name)
    folder = Path(make_url(store_url).database).parent
    assert remains(folder.iterdir(), name, range(50), rows) == []


@of_sqlite
def test_a_reader_delays_the_emptying_of_sqlites_log_and_the_receipt_says_so(
    store_url, store, name
):
    rows = fill(store, name, 5, seed=8)
    reader = open_backend(store_url, 0.1, 1)
    with reader.engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM identities")).all()
        impatient = SqlStore(open_backend(store_url, 0.1, 1))
        assert "log" in impatient.erase(name, f"{name} person 0001").waiting[0]
        impatient.close()
    assert store.erase(name, f"{name} person 0002").waiting == ()
    folder = Path(make_url(store_url).database).parent
    assert remains(folder.iterdir(), name, [1, 2], rows) == []


@of_postgres
def test_postgresql_holds_the_erased_until_a_vacuum_and_the_receipt_says_so(
    postgres_folder, store_url, store, name
):
    rows = fill(store, name, 60, seed=9)
    erased = range(0, 60, 3)
    receipts = [store.erase(name, f"{name} person {place:04d}") for place in erased]
    assert any("vacuum" in each for each in receipts[0].waiting)
    backend = open_backend(store_url, 60.0, 1)
    gone, waiting = backend.vacuum()
    with backend.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("CHECKPOINT"))
        oid = connection.scalar(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        )
    backend.engine.dispose()
    assert "the table's file" in gone
    assert "write-ahead log" in waiting[0]
    files = [file for file in (postgres_folder / "base" / str(oid)).iterdir() if file.is_file()]
    # pgvector stores the numbers in the order of the processor, as numpy does.
    assert remains(files, name, erased, rows) == []
    kept = [place for place in range(60) if place % 3]
    assert len(remains(files, name, kept, rows)) >= len(kept)
