"""The store as the service sees it. Every method blocks, and may be called in any thread."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from app.gallery.records import (
    Encoding,
    Enrolment,
    Gallery,
    Identity,
    Neighbours,
    Receipt,
    Rows,
)


class Store(Protocol):
    """A store of galleries.

    Every method raises `StoreError` if the store cannot be reached or is too slow; those that
    write raise `StoreFullError` if it has no room. A call that raises has stored nothing, or, if
    the connection was lost at the end, the whole of it.
    """

    def check(self) -> None:
        """Check that the schema is the one of this version.

        Raises:
            SchemaError: It is another one; the message says what to do.
        """

    def create(self, name: str, encoding: Encoding) -> Gallery:
        """Create an empty gallery.

        Raises:
            GalleryExistsError: There is one of that name.
        """

    def galleries(self) -> Sequence[Gallery]:
        """Return all galleries, by name."""

    def gallery(self, name: str) -> Gallery:
        """Return a gallery.

        Raises:
            UnknownGalleryError: There is none of that name.
        """

    def swap(self, one: str, other: str) -> None:
        """Exchange the names of two galleries in one step.

        Raises:
            UnknownGalleryError: One of them does not exist.
        """

    def drop(self, name: str) -> Receipt:
        """Erase a gallery with all identities.

        Raises:
            UnknownGalleryError: There is none of that name.
        """

    def enrol(self, gallery: str, name: str, encoding: Encoding, enrolment: Enrolment) -> bool:
        """Store an identity, in place of the one of that name if there is one.

        Returns:
            True if there was none of that name.

        Raises:
            UnknownGalleryError: There is no such gallery.
            ModelChangedError: The gallery holds embeddings of another encoding.
        """

    def enrol_many(
        self, gallery: str, encoding: Encoding, enrolments: Mapping[str, Enrolment]
    ) -> frozenset[str]:
        """Store identities by their names, all in one transaction, in place of those of the names.

        Returns:
            The names that there were none of.

        Raises:
            UnknownGalleryError: There is no such gallery.
            ModelChangedError: The gallery holds embeddings of another encoding.
        """

    def load(
        self, gallery: str, encoding: Encoding, parts: Iterable[Mapping[str, Enrolment]]
    ) -> int:
        """Store very many identities, each part as `enrol_many` does.

        An empty gallery has no index until the last part is stored, which is many times as fast;
        meanwhile its searches are exact. After an interruption the same call goes on.

        Returns:
            How many there were none of.

        Raises:
            UnknownGalleryError: There is no such gallery.
            ModelChangedError: The gallery holds embeddings of another encoding.
        """

    def identity(self, gallery: str, name: str) -> Identity:
        """Return an identity with its template.

        Raises:
            UnknownGalleryError: There is no such gallery.
            UnknownIdentityError: There is no such identity in it.
        """

    def identities(
        self, gallery: str, after: str, limit: int, *, templates: bool
    ) -> Sequence[Identity]:
        """Return the identities whose names follow `after`, by name, at most `limit`.

        Raises:
            UnknownGalleryError: There is no such gallery.
        """

    def erase(self, gallery: str, name: str) -> Receipt:
        """Erase an identity.

        Raises:
            UnknownGalleryError: There is no such gallery.
            UnknownIdentityError: There is no such identity in it.
        """

    def nearest(self, gallery: str, encoding: Encoding, probe: Rows, top: int) -> Neighbours:
        """Return the identities nearest to the embedding of one image.

        Args:
            gallery: Name of the gallery.
            encoding: The bundle that made the probe.
            probe: Shape (dim,): float32, or uint8 of packed bits.
            top: Largest number of identities to return.

        Raises:
            UnknownGalleryError: There is no such gallery.
            ModelChangedError: The gallery holds embeddings of another encoding.
        """

    def close(self) -> None:
        """Close all connections."""
