"""Rows of the tables, and the values that they stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    bindparam,
    delete,
    insert,
    select,
    update,
)
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

_GALLERIES: Select[Any] = select(*_GALLERY).join_from(
    galleries, bundles, bundles.c.id == galleries.c.bundle_id
)
_OF_NAME = _GALLERIES.where(galleries.c.name == bindparam("gallery"))
_SIZES = select(sizes.c.images, sizes.c.identities).where(
    sizes.c.gallery_id == bindparam("key"), sizes.c.identities > 0
)
"""Statements that each search takes are made once: making one takes as long as running it."""


def all_galleries(connection: Connection) -> Sequence[Row[Any]]:
    """Return the rows of all galleries, by name."""
    return connection.execute(_GALLERIES.order_by(galleries.c.name)).all()


def find_gallery(connection: Connection, name: str) -> Row[Any] | None:
    """Return the row of a gallery; None where there is none of that name."""
    return connection.execute(_OF_NAME, {"gallery": name}).one_or_none()


def gallery_of(connection: Connection, row: Row[Any]) -> Gallery:
    """Return the gallery of a row, with its sizes."""
    found = connection.execute(_SIZES, {"key": row.id})
    counted = {images: count for images, count in found}  # noqa: C416 (rows)
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


def search_query(
    within: ColumnElement[bool], distance: ColumnElement[Any], *, of_bits: bool
) -> Select[Any]:
    """Return the query of the `top` identities nearest by a distance.

    Args:
        within: The condition that a row is of the gallery.
        distance: To the parameter `probe`.
        of_bits: Whether packed bits are compared, or vectors.
    """
    column = identities.c.bits if of_bits else identities.c.vector
    query = identity_query(templates=True).where(within, column.is_not(None))
    return query.order_by(distance).limit(bindparam("top", type_=Integer))


def identity_of(row: Row[Any]) -> Identity:
    """Return the identity of a row of `identity_query`."""
    bits, vector = getattr(row, "bits", None), getattr(row, "vector", None)
    template = vector if bits is None else bits
    return Identity(row.name, row.images, row.enrolled, encoding_of(row), template)


def encoding_of(row: Row[Any]) -> Encoding:
    """Return the encoding of a row that holds the columns of its bundle."""
    return _encoding(row.model, row.version, row.sha256, row.encoding_sha256, row.metric, row.dim)


@lru_cache(maxsize=64)
def _encoding(  # noqa: PLR0913, PLR0917 (the columns)
    model: str, version: str, sha256: str, encoding_sha256: str, metric: str, dim: int
) -> Encoding:
    return Encoding(model, version, sha256, encoding_sha256, Metric(metric), dim)
