"""The commands of `python -m app.gallery`."""

from app.gallery.sql.failures import translated
from app.gallery.sql.opening import open_backend
from app.gallery.sql.schema_version import migrate
from app.gallery.sql.store import SqlStore

_TIMEOUT_S = 60.0


def run(name: str, url: str) -> str:
    """Run a command on the store at an address, and return what to print.

    Args:
        name: `migrate`, `check`, `index` or `vacuum`.
        url: As `opening.open_backend` takes it.

    Raises:
        GalleryStartError: The address cannot be used, or the schema is another one.
        StoreError: The store cannot be reached, or failed.
    """
    backend = open_backend(url, _TIMEOUT_S, 1, create=name == "migrate")
    store = SqlStore(backend)
    try:
        with translated():
            if name == "migrate":
                migrate(backend.engine)
            store.check()
            if name == "index":
                return f"{store.make_indexes()} galleries have their indexes"
            if name == "vacuum":
                gone, waiting = backend.vacuum()
                return f"gone from {', '.join(gone)}; waiting: {', '.join(waiting) or 'nothing'}"
    finally:
        store.close()
    return "the gallery's store has the schema of this version"
