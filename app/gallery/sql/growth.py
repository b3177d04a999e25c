"""Warning of galleries that have grown too large for an exact search."""

import logging
from typing import Final

from app.gallery.records import Gallery

logger = logging.getLogger(__name__)

MOST_EXACT: Final = 100_000
"""Identities up to which SQLite's scan is quick: some 40 ms for 128 numbers, on one core
(docs/gallery.md, "Speed"). Its time grows as they do."""


class GrowthLog:
    """Log of galleries beyond a size, once each. May be called in any thread.

    Args:
        most: Identities that a search is quick for; None where an index finds them.
    """

    def __init__(self, most: int | None) -> None:
        self._most, self._told = most, set[str]()

    def note(self, gallery: Gallery) -> None:
        """Warn of a gallery that is larger, the first time."""
        if self._most is None or gallery.identities <= self._most or gallery.name in self._told:
            return
        self._told.add(gallery.name)
        logger.warning(
            "the gallery %r has %d identities, and SQLite looks at each of them in every search: "
            "beyond %d, PostgreSQL's index is faster (docs/gallery.md)",
            gallery.name,
            gallery.identities,
            self._most,
        )
