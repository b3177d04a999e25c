import shutil
import time

import numpy as np
import pytest
from sqlalchemy import text

from app.errors import StoreError, StoreFullError
from app.gallery.records import Encoding, Enrolment
from app.gallery.sql.opening import open_backend, open_store
from app.gallery.sql.schema_version import migrate
from app.gallery.sql.store import SqlStore
from app.gallery.sql.tables import galleries
from model.manifest import Metric
from tests.galleries import of_postgres

ENCODING = Encoding("tiny", "1.0.0", "a" * 64, "f" * 64, Metric.L2, 16)
ONE = Enrolment(1, np.ones(16, np.float32))
_RAISE = (
    "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF NEW.name = 'too many' THEN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END IF; "
    "RETURN NEW; END $$"
)
_TRIGGER = (
    "CREATE TRIGGER full_disk AFTER INSERT ON identities FOR EACH ROW EXECUTE FUNCTION full_disk()"
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "gallery.db"
    backend = open_backend(f"sqlite:///{path}", 1.0, 1, create=True)
    migrate(backend.engine)
    backend.engine.dispose()
    return path


def test_nothing_is_acknowledged_that_sqlite_has_no_room_for(file):
    backend = open_backend(f"sqlite:///{file}", 1.0, 1)
    store = SqlStore(backend)
    store.create("people", ENCODING)
    with backend.engine.connect() as connection:  # The store has one connection: this is it.
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    stored = []
    with pytest.raises(StoreFullError):
        stored.extend(
            name
            for name in (f"person {place:04d}" for place in range(1000))
            if store.enrol("people", name, ENCODING, ONE)
        )
    found = store.identities("people", "", 1000, templates=False)
    assert [each.name for each in found] == stored
    assert store.gallery("people").identities == len(stored)
    store.close()


@of_postgres
def test_nothing_is_acknowledged_that_postgresql_has_no_room_for(store_url, store, name):
    store.create(name, ENCODING)
    backend = open_backend(store_url, 5.0, 1)
    with backend.engine.begin() as connection:
        connection.execute(text(_RAISE))
        connection.execute(text(_TRIGGER))
    store.enrol(name, "Ann", ENCODING, ONE)
    with pytest.raises(StoreFullError):
        store.enrol(name, "too many", ENCODING, ONE)
    assert [e.name for e in store.identities(name, "", 9, templates=False)] == ["Ann"]
    assert store.gallery(name).identities == 1
    with backend.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER full_disk ON identities"))
    backend.engine.dispose()


def test_a_store_that_is_locked_is_an_error_in_time(store_url, name):
    holder, store = open_backend(store_url, 60.0, 1), open_store(store_url, 0.2, 1)
    patient = SqlStore(holder)
    patient.create(name, ENCODING)
    with holder.engine.connect() as connection:
        writing = connection.execution_options(likewise_writes=True)
        with writing.begin():
            held = galleries.update().where(galleries.c.name == name).values(next_place=9)
            writing.execute(held)
            began = time.monotonic()
            with pytest.raises(StoreError):
                store.enrol(name, "Ann", ENCODING, ONE)
            assert time.monotonic() - began < 2
            assert store.gallery(name).identities == 0
    store.enrol(name, "Ann", ENCODING, ONE)
    store.close()
    patient.close()


def test_a_file_that_was_removed_or_replaced_takes_no_row(file):
    store = open_store(f"sqlite:///{file}", 1.0, 2)
    store.create("people", ENCODING)
    store.enrol("people", "Ann", ENCODING, ONE)
    away = file.with_name("away")
    away.mkdir()
    for each in file.parent.glob("gallery.db*"):
        shutil.copy(each, away)  # A copy of the file and its log is a backup that can be restored.
        each.unlink()
    for call in (
        lambda: store.enrol("people", "Ben", ENCODING, ONE),
        lambda: store.identity("people", "Ann"),
    ):
        with pytest.raises(StoreError):
            call()
    assert not file.exists()
    for each in away.iterdir():
        shutil.copy(each, file.parent)
    assert store.identity("people", "Ann").images == 1
    store.enrol("people", "Ben", ENCODING, ONE)
    assert store.gallery("people").identities == 2
    store.close()


def test_a_file_that_is_no_database_is_an_error(tmp_path):
    file = tmp_path / "gallery.db"
    file.write_bytes(b"something else" * 1000)
    with pytest.raises(StoreError):
        open_store(f"sqlite:///{file}", 1.0, 1).check()


def test_a_server_that_is_not_there_is_an_error():
    with pytest.raises(StoreError):
        open_store("postgresql+psycopg://nobody@127.0.0.1:9/none", 1.0, 1).check()


@of_postgres
def test_a_connection_that_the_server_ends_is_replaced(store_url, store, name):
    store.create(name, ENCODING)
    backend = open_backend(store_url, 5.0, 1)
    with backend.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
                "'likewise' AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    backend.engine.dispose()
    store.enrol(name, "Ann", ENCODING, ONE)
    assert store.gallery(name).identities == 1
