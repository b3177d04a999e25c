"""The store by SQLAlchemy: the same statements for both kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from app.errors import GalleryExistsError, UnknownGalleryError, UnknownIdentityError
from app.gallery.deadline import check_deadline
from app.gallery.records import (
    Encoding,
    Enrolment,
    Gallery,
    Identity,
    Neighbours,
    Receipt,
    Rows,
)
from app.gallery.sql import rows
from app.gallery.sql.backend import Backend
from app.gallery.sql.failures import translated
from app.gallery.sql.growth import GrowthLog
from app.gallery.sql.schema_version import check_schema
from app.gallery.sql.searching import Searches
from app.gallery.sql.sqlite import WRITES
from app.gallery.sql.tables import ROWS_BITS, galleries, identities, sizes


class SqlStore:
    """A store of galleries, as `port.Store` describes it."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._growth = backend, GrowthLog(backend.most_exact)
        self._searches = Searches(backend, self._growth)

    def check(self) -> None:
        """Check the schema."""
        with translated():
            check_schema(self._backend.engine)
        for gallery in self.galleries():
            self._growth.note(gallery)

    def close(self) -> None:
        """Close all connections."""
        self._backend.engine.dispose()

    def create(self, name: str, encoding: Encoding) -> Gallery:
        """Create an empty gallery."""
        created = datetime.now(UTC)
        with self._write() as connection:
            bundle = rows.bundle_id(connection, encoding)
            values = {"name": name, "bundle_id": bundle, "next_place": 1, "created": created}
            if connection.scalar(select(exists().where(galleries.c.name == name))):
                raise GalleryExistsError(_exists(name))
            try:
                made = connection.execute(insert(galleries).values(values))
            except IntegrityError as error:  # Another process has made it meanwhile.
                raise GalleryExistsError(_exists(name)) from error
            (key,) = made.inserted_primary_key or (0,)
        with translated():
            self._backend.created(int(key), encoding)
        return Gallery(name, encoding, created)

    def make_indexes(self) -> int:
        """Make the indexes that are missing, and return the number of galleries."""
        with self._read() as connection:
            found = [(row.id, rows.encoding_of(row)) for row in rows.all_galleries(connection)]
        for key, encoding in found:
            self._backend.created(key, encoding, limited=False)
        return len(found)

    def galleries(self) -> Sequence[Gallery]:
        """Return all galleries, by name."""
        with self._read() as connection:
            return [rows.gallery_of(connection, row) for row in rows.all_galleries(connection)]

    def gallery(self, name: str) -> Gallery:
        """Return a gallery."""
        with self._read() as connection:
            return rows.gallery_of(connection, self._gallery(connection, name))

    def swap(self, one: str, other: str) -> None:
        """Exchange the names of two galleries."""
        with self._write() as connection:
            first, second = sorted(
                (self._gallery(connection, name) for name in (one, other)), key=lambda row: row.id
            )
            between = f"-{first.id}"  # No gallery's name: those begin with a letter or a digit.
            for key, name in (
                (first.id, between),
                (second.id, first.name),
                (first.id, second.name),
            ):
                connection.execute(update(galleries).where(galleries.c.id == key).values(name=name))

    def drop(self, name: str) -> Receipt:
        """Erase a gallery with all identities."""
        with self._write() as connection:
            key = self._locked(connection, name).id
            erased = connection.execute(delete(identities).where(self._backend.rows_of(key)))
            connection.execute(delete(sizes).where(sizes.c.gallery_id == key))
            connection.execute(delete(galleries).where(galleries.c.id == key))
            self._backend.dropped(connection, key)
            count = erased.rowcount
        return self._receipt(count)

    def enrol(self, gallery: str, name: str, encoding: Encoding, enrolment: Enrolment) -> bool:
        """Store an identity, in place of the one of that name if there is one."""
        return name in self.enrol_many(gallery, encoding, {name: enrolment})

    def enrol_many(
        self, gallery: str, encoding: Encoding, enrolments: Mapping[str, Enrolment]
    ) -> frozenset[str]:
        """Store identities by their names, in place of those of the names."""
        if not enrolments:
            return frozenset()
        with self._write() as connection:
            found = self._locked(connection, gallery, places=len(enrolments))
            rows.check_encoding(found, encoding)
            replaced = rows.remove(connection, found.id, list(enrolments))
            common = {
                "gallery_id": found.id,
                "bundle_id": rows.bundle_id(connection, encoding),
                "enrolled": datetime.now(UTC),
            }
            first = (found.id << ROWS_BITS) + found.place + 1 - len(enrolments)
            self._backend.insert(
                connection,
                [
                    {**common, "id": first + place, "name": name, "images": each.images}
                    | rows.template_columns(each.template)
                    for place, (name, each) in enumerate(enrolments.items())
                ],
            )
            change = Counter(each.images for each in enrolments.values())
            change.subtract(replaced.values())
            for images, number in change.items():
                rows.count(connection, found.id, images, number)
        return frozenset(enrolments.keys() - replaced.keys())

    def load(
        self, gallery: str, encoding: Encoding, parts: Iterable[Mapping[str, Enrolment]]
    ) -> int:
        """Store very many identities, in an empty gallery without its index until the end."""
        with self._write() as connection:
            found = self._locked(connection, gallery, places=0)
            if not rows.gallery_of(connection, found).identities:
                self._backend.dropped(connection, found.id)
        new = sum(len(self.enrol_many(gallery, encoding, part)) for part in parts)
        with translated():
            self._backend.created(found.id, encoding, limited=False)
        return new

    def identity(self, gallery: str, name: str) -> Identity:
        """Return an identity with its template."""
        with self._read() as connection:
            key = self._gallery(connection, gallery).id
            query = rows.identity_query(templates=True)
            at = identities.c.gallery_id == key, identities.c.name == name
            row = connection.execute(query.where(*at)).one_or_none()
            if row is None:
                raise UnknownIdentityError(_unknown(gallery, name))
            return rows.identity_of(row)

    def identities(
        self, gallery: str, after: str, limit: int, *, templates: bool
    ) -> Sequence[Identity]:
        """Return the identities whose names follow `after`."""
        with self._read() as connection:
            key = self._gallery(connection, gallery).id
            query = rows.identity_query(templates=templates)
            at = identities.c.gallery_id == key, identities.c.name > after
            found = connection.execute(query.where(*at).order_by(identities.c.name).limit(limit))
            return [rows.identity_of(row) for row in found]

    def erase(self, gallery: str, name: str) -> Receipt:
        """Erase an identity."""
        with self._write() as connection:
            key = self._locked(connection, gallery).id
            row = self._of_name(connection, key, name)
            if row is None:
                raise UnknownIdentityError(_unknown(gallery, name))
            connection.execute(delete(identities).where(identities.c.id == row.id))
            rows.count(connection, key, row.images, -1)
        return self._receipt(1)

    def nearest(self, gallery: str, encoding: Encoding, probe: Rows, top: int) -> Neighbours:
        """Return the identities nearest to the embedding of one image."""
        with self._read() as connection:
            return self._searches.nearest(connection, gallery, encoding, probe, top)

    def _gallery(self, connection: Connection, name: str) -> Row[Any]:
        row = rows.find_gallery(connection, name)
        if row is None:
            raise UnknownGalleryError(rows.no_gallery(name))
        return row

    def _locked(self, connection: Connection, name: str, places: int = 1) -> Row[Any]:
        """Return a gallery, whose row no other transaction changes until the end of this one.

        So many places are taken; `place` of the row is the last of them.
        """
        rows.take_places(connection, name, places)
        return self._gallery(connection, name)

    def _of_name(self, connection: Connection, key: int, name: str) -> Row[int, int] | None:
        query = select(identities.c.id, identities.c.images)
        at = identities.c.gallery_id == key, identities.c.name == name
        return connection.execute(query.where(*at)).one_or_none()

    def _receipt(self, count: int) -> Receipt:
        with translated():
            gone, waiting = self._backend.reclaim()
        return Receipt(count, datetime.now(UTC), gone, waiting)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with translated(), self._backend.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with translated(), self._backend.engine.connect() as connection:
            writing = connection.execution_options(**{WRITES: True})
            with writing.begin():
                yield writing
                check_deadline()


def _exists(name: str) -> str:
    return f"there is a gallery {name!r} already"


def _unknown(gallery: str, name: str) -> str:
    return f"there is no identity {name!r} in the gallery {gallery!r}"
