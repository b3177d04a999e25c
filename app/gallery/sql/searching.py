"""Searches of a gallery: the same statements for both stores, made once for each gallery."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, Integer, bindparam, select

from app.errors import UnknownGalleryError
from app.gallery.records import Encoding, Identity, Neighbours, Rows, shares
from app.gallery.sql import rows
from app.gallery.sql.backend import Backend
from app.gallery.sql.driver_statement import DriverStatement
from app.gallery.sql.growth import GrowthLog
from app.gallery.sql.tables import bundles, identities

_STATEMENTS = 256
"""Galleries whose statement of a search is kept: making one takes longer than a small search."""
_HIT = (
    identities.c.name,
    identities.c.images,
    identities.c.enrolled,
    identities.c.bundle_id,
    identities.c.bits,
    identities.c.vector,
)
"""Columns of a row that is found. Its bundle is looked up afterwards: a join would look it up for
every row of the gallery."""


class Searches:
    """Searches in the galleries of a store."""

    def __init__(self, backend: Backend, growth: GrowthLog) -> None:
        self._backend, self._growth = backend, growth
        self._statement = lru_cache(maxsize=_STATEMENTS)(self._make_statement)
        self._of_name = lru_cache(maxsize=1)(self._make_query_of_name)

    def nearest(
        self, connection: Connection, name: str, encoding: Encoding, probe: Rows, top: int
    ) -> Neighbours:
        """Return the identities nearest to a probe, as `port.Store.nearest` does.

        Args:
            connection: In a transaction.
            name: Name of the gallery.
            encoding: The bundle that made the probe.
            probe: The embedding of one image.
            top: Largest number of identities to return.
        """
        found = self._of_name().all(connection, {"gallery": name})
        if not found:
            raise UnknownGalleryError(rows.no_gallery(name))
        row, gallery = found[0], rows.gallery_with_sizes(found)
        rows.check_encoding(row, encoding)
        self._growth.note(gallery)
        self._backend.prepare_search(connection, top, gallery.identities)
        probes = [probe]
        if probe.dtype == np.uint8 and any(images > 1 for images in gallery.sizes):
            probes.append(shares(probe))
        hits = [
            hit for each in probes for hit in self._search(connection, row.id, encoding, each, top)
        ]
        known = {row.bundle_id: gallery.encoding}
        return Neighbours(gallery, tuple(_identities(connection, hits, known)))

    def _search(
        self, connection: Connection, key: int, encoding: Encoding, probe: Rows, top: int
    ) -> Iterable[Any]:
        query = self._statement(key, encoding, of_bits=probe.dtype == np.uint8)
        return query.all(connection, {"probe": self._backend.sent(probe), "top": top})

    def _make_query_of_name(self) -> DriverStatement:
        return DriverStatement(rows.WITH_SIZES, self._backend.engine.dialect)

    def _make_statement(self, key: int, encoding: Encoding, *, of_bits: bool) -> DriverStatement:
        column = identities.c.bits if of_bits else identities.c.vector
        distance = self._backend.distance(encoding, of_bits=of_bits)
        query = select(*_HIT).where(self._backend.rows_of(key), column.is_not(None))
        query = query.order_by(distance).limit(bindparam("top", type_=Integer))
        return DriverStatement(query, self._backend.engine.dialect)


def _identities(
    connection: Connection, hits: list[Any], known: dict[int, Encoding]
) -> Iterable[Identity]:
    """Return the identities of rows that were found.

    Args:
        connection: In the transaction of the search.
        hits: The rows.
        known: Encodings of bundles by their ids.
    """
    others = {hit.bundle_id for hit in hits} - known.keys()
    if others:
        found = connection.execute(select(bundles).where(bundles.c.id.in_(others)))
        known = known | {row.id: rows.encoding_of(row) for row in found}
    for hit in hits:
        template = hit.vector if hit.bits is None else hit.bits
        yield Identity(hit.name, hit.images, hit.enrolled, known[hit.bundle_id], template)
