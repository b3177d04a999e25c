"""Rows of the tables, and the values that they stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import ModelChangedError
from app.gallery.records import Encoding, Gallery, Identity, Rows
from app.gallery.sql.tables import bundles, galleries, identities, sizes
from model.manifest import Metric

_NAMES_AT_ONCE = 1000
"""Names in one statement, far fewer than either store's largest number of variables."""
_BUNDLE = (
    bundles.c.model,
    bundles.c.version,
    bundles.c.sha256,
    bundles.c.encoding_sha256,
    bundles.c.metric,
    bundles.c.dim,
)
_GALLERY = (
    galleries.c.id,
    galleries.c.name,
    galleries.c.created,
    (galleries.c.next_place - 1).label("place"),
    *_BUNDLE,
)


def all_galleries(connection: Connection) -> Sequence[Row[Any]]:
    """Return the rows of all galleries, by name."""
    return connection.execute(_galleries().order_by(galleries.c.name)).all()


def find_gallery(connection: Connection, name: str) -> Row[Any] | None:
    """Return the row of a gallery; None where there is none of that name."""
    return connection.execute(_galleries().where(galleries.c.name == name)).one_or_none()


def gallery_of(connection: Connection, row: Row[Any]) -> Gallery:
    """Return the gallery of a row, with its sizes."""
    query = select(sizes.c.images, sizes.c.identities).where(
        sizes.c.gallery_id == row.id, sizes.c.identities > 0
    )
    counted = {images: count for images, count in connection.execute(query)}  # noqa: C416 (rows)
    return Gallery(row.name, encoding_of(row), row.created, counted)


def check_encoding(row: Row[Any], encoding: Encoding) -> None:
    """Check that a gallery holds embeddings of an encoding.

    Raises:
        ModelChangedError: It holds those of another one.
    """
    if row.encoding_sha256 != encoding.encoding_sha256:
        raise ModelChangedError(
            f"the gallery {row.name!r} holds embeddings of {row.model} {row.version} "
            f"(sha256 {row.sha256[:12]}), which cannot be compared with those of {encoding.model} "
            f"{encoding.version} ({encoding.sha256[:12]}), as it is now; enrol the images again: "
            f"likewise gallery re-enrol FOLDER --gallery {row.name}"
        )


def bundle_id(connection: Connection, encoding: Encoding) -> int:
    """Return the id of a bundle, which gets one the first time."""
    known = select(bundles.c.id).where(
        bundles.c.model == encoding.model,
        bundles.c.version == encoding.version,
        bundles.c.encoding_sha256 == encoding.encoding_sha256,
    )
    found = connection.scalar(known)
    if found is None:
        values = {column.name: getattr(encoding, column.name) for column in _BUNDLE}
        kind = postgresql if connection.dialect.name == "postgresql" else sqlite
        made = kind.insert(bundles).values(values).on_conflict_do_nothing()
        connection.execute(made)
        found = connection.scalars(known).one()
    return int(found)


def count(connection: Connection, gallery_id: int, images: int, change: int) -> None:
    """Change the number of identities of so many images; the gallery's row is locked."""
    at = sizes.c.gallery_id == gallery_id, sizes.c.images == images
    changed = connection.execute(
        update(sizes).where(*at).values(identities=sizes.c.identities + change)
    )
    if not changed.rowcount:
        values = {"gallery_id": gallery_id, "images": images, "identities": change}
        connection.execute(insert(sizes).values(values))


def remove(connection: Connection, gallery_id: int, names: Sequence[str]) -> Counter[int]:
    """Delete the identities of some names, and return how many there were by number of images."""
    removed: Counter[int] = Counter()
    for first in range(0, len(names), _NAMES_AT_ONCE):
        some = names[first : first + _NAMES_AT_ONCE]
        at = identities.c.gallery_id == gallery_id, identities.c.name.in_(some)
        removed.update(connection.scalars(select(identities.c.images).where(*at)))
        if removed:
            connection.execute(delete(identities).where(*at))
    return removed


def template_columns(template: Rows) -> dict[str, Rows | None]:
    """Return the columns that hold a template: one of the two."""
    if template.dtype == np.uint8:
        return {"bits": template, "vector": None}
    return {"bits": None, "vector": template}


def identity_query(*, templates: bool) -> Select[Any]:
    """Return the query of identities, with their templates or without."""
    columns = [identities.c.name, identities.c.images, identities.c.enrolled, *_BUNDLE]
    if templates:
        columns += [identities.c.bits, identities.c.vector]
    return select(*columns).join_from(identities, bundles, bundles.c.id == identities.c.bundle_id)


def identity_of(row: Row[Any]) -> Identity:
    """Return the identity of a row of `identity_query`."""
    found = row._mapping  # noqa: SLF001 (SQLAlchemy's public name for it)
    bits, vector = found.get("bits"), found.get("vector")
    template = vector if bits is None else bits
    return Identity(row.name, row.images, row.enrolled, encoding_of(row), template)


def _galleries() -> Select[Any]:
    return select(*_GALLERY).join_from(galleries, bundles, bundles.c.id == galleries.c.bundle_id)


def encoding_of(row: Row[Any]) -> Encoding:
    """Return the encoding of a row that holds the columns of its bundle."""
    return Encoding(
        row.model, row.version, row.sha256, row.encoding_sha256, Metric(row.metric), row.dim
    )
