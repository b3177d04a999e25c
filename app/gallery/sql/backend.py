"""Differences of the two stores: connections, distances, indexes, and bytes after erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Engine

from app.gallery.records import Encoding, Rows

Erased = tuple[tuple[str, ...], tuple[str, ...]]
"""Places that hold nothing any more, and those that may for a while, with what removes it."""


class Backend(Protocol):
    """One kind of store."""

    engine: Engine
    most_exact: int | None
    """Identities up to which a search is quick; None where an index finds them."""

    def rows_of(self, gallery_id: int) -> ColumnElement[bool]:
        """Return the condition that a row is of a gallery, in the form that finds it fastest."""

    def distance(self, encoding: Encoding, *, of_bits: bool) -> ColumnElement[Any]:
        """Return an expression that rises with the energy of the parameter `probe` and a template.

        Args:
            encoding: Of the gallery.
            of_bits: Whether packed bits are compared, or vectors.
        """

    def sent(self, probe: Rows) -> object:
        """Return a probe as the parameter: float32, or uint8 of packed bits."""

    def insert(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of identities, each with a value for every column."""

    def prepare_search(self, connection: Connection, top: int, size: int) -> None:
        """Prepare the transaction of a search for so many rows, in a gallery of so many."""

    def created(self, gallery_id: int, encoding: Encoding, *, limited: bool = True) -> None:
        """Do what a new gallery needs beside its row; it is committed already.

        Args:
            gallery_id: The gallery.
            encoding: Its encoding.
            limited: Whether a statement may take no longer than any other.
        """

    def dropped(self, connection: Connection, gallery_id: int) -> None:
        """Undo `created`, in the transaction that drops the gallery."""

    def reclaim(self) -> Erased:
        """Remove the bytes of rows that were erased and committed, as far as it is cheap."""

    def vacuum(self) -> Erased:
        """Remove them all, which may take long and lock the table."""
