"""Rows of the tables, and the values that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import (
    Connection,
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
GalleryRow = Any
"""Row of a gallery and its bundle, by SQLAlchemy or as a named tuple."""
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
    galleries.c.bundle_id,
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
WITH_SIZES = _OF_NAME.add_columns(sizes.c.images, sizes.c.identities).outerjoin_from(
    galleries, sizes, sizes.c.gallery_id == galleries.c.id
)
"""Query of the gallery named by `gallery`: a row for each of its sizes."""
_NAMED = (
    identities.c.gallery_id == bindparam("key"),
    identities.c.name.in_(bindparam("names", expanding=True)),
)
_OF_NAMES = select(identities.c.name, identities.c.images).where(*_NAMED)
_WITHOUT_NAMES = delete(identities).where(*_NAMED)
_TAKEN = (
    update(galleries)
    .where(galleries.c.name == bindparam("gallery"))
    .values(next_place=galleries.c.next_place + bindparam("places"))
)
_KNOWN = select(bundles.c.id).where(
    bundles.c.model == bindparam("model"),
    bundles.c.version == bindparam("version"),
    bundles.c.encoding_sha256 == bindparam("encoding_sha256"),
)
_COUNTED = (
    update(sizes)
    .where(sizes.c.gallery_id == bindparam("key"), sizes.c.images == bindparam("of_images"))
    .values(identities=sizes.c.identities + bindparam("change"))
)
"""Statements that each search or enrolment takes are made once: making one takes as long as running
it."""


def all_galleries(connection: Connection) -> Sequence[Row[Any]]:
    """Return the rows of all galleries, by name."""
    return connection.execute(_GALLERIES.order_by(galleries.c.name)).all()


def find_gallery(connection: Connection, name: str) -> Row[Any] | None:
    """Return the row of a gallery; None where there is none of that name."""
    return connection.execute(_OF_NAME, {"gallery": name}).one_or_none()


def gallery_with_sizes(found: Sequence[GalleryRow]) -> Gallery:
    """Return the gallery of the rows of `WITH_SIZES`, one at least."""
    counted = {row.images: row.identities for row in found if row.identities}
    first = found[0]
    return Gallery(first.name, encoding_of(first), first.created, counted)


def no_gallery(name: str) -> str:
    """Return the message that there is no gallery of a name."""
    return f"there is no gallery {name!r}; PUT /galleries/{name} makes it"


def gallery_of(connection: Connection, row: Row[Any]) -> Gallery:
    """Return the gallery of a row, with its sizes."""
    found = connection.execute(_SIZES, {"key": row.id})
    counted = {images: count for images, count in found}  # noqa: C416 (rows)
    return Gallery(row.name, encoding_of(row), row.created, counted)


def take_places(connection: Connection, name: str, places: int) -> None:
    """Take places in a gallery, whose row no other transaction changes until this one ends."""
    connection.execute(_TAKEN, {"gallery": name, "places": places})


def check_encoding(row: GalleryRow, encoding: Encoding) -> None:
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
    values = {column.name: getattr(encoding, column.name) for column in _BUNDLE}
    found = connection.scalar(_KNOWN, values)
    if found is None:
        kind = postgresql if connection.dialect.name == "postgresql" else sqlite
        made = kind.insert(bundles).values(values).on_conflict_do_nothing()
        connection.execute(made)
        found = connection.scalars(_KNOWN, values).one()
    return int(found)


def count(connection: Connection, gallery_id: int, images: int, change: int) -> None:
    """Change the number of identities of so many images; the gallery's row is locked."""
    values = {"key": gallery_id, "of_images": images, "change": change}
    if not connection.execute(_COUNTED, values).rowcount:
        values = {"gallery_id": gallery_id, "images": images, "identities": change}
        connection.execute(insert(sizes).values(values))


def remove(connection: Connection, gallery_id: int, names: Sequence[str]) -> dict[str, int]:
    """Delete the identities of some names, and return those that there were: images by name."""
    removed: dict[str, int] = {}
    for first in range(0, len(names), _NAMES_AT_ONCE):
        some = {"key": gallery_id, "names": names[first : first + _NAMES_AT_ONCE]}
        found = connection.execute(_OF_NAMES, some).all()
        if found:
            removed.update({row.name: row.images for row in found})
            connection.execute(_WITHOUT_NAMES, some)
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
