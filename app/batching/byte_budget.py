"""A bound on the bytes that all requests in flight hold together.

Each body has its own limit; without this one, many large bodies at a time would still take all the
memory there is.
"""

from __future__ import annotations

from typing import Self

from app.errors import OverloadedError


class ByteBudget:
    """Counts what requests hold. Used from the event loop only, so it needs no lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0

    @property
    def held(self) -> int:
        """The bytes that are held now."""
        return self._held

    def share(self) -> Reservation:
        """One request's share; what it took is given back at the end of its `with` block."""
        return Reservation(self)

    def take(self, count: int) -> None:
        """Count `count` bytes more.

        Raises:
            OverloadedError: The budget is spent.
        """
        if self._held + count > self._limit:
            raise OverloadedError(
                "the service holds as many bytes of requests as it may; try later"
            )
        self._held += count

    def give_back(self, count: int) -> None:
        """Count `count` bytes fewer."""
        self._held -= count


class Reservation:
    """What one request holds of a budget, until the end of its `with` block."""

    __slots__ = ("_budget", "taken")

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self.taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.give_back(self.taken)

    def take(self, count: int) -> None:
        """Take more bytes.

        Raises:
            OverloadedError: The budget is spent.
        """
        self._budget.take(count)
        self.taken += count

    def give_back(self, count: int) -> None:
        """Give some of it back before the request's end."""
        self._budget.give_back(count)
        self.taken -= count
