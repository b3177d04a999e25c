"""Limit of the bytes that all requests in flight hold together.

Each body has a limit of its own; without this one, many large bodies at a time would still exhaust
the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from app.errors import BodyTooLargeError, OverloadedError


class ByteBudget:
    """Counter of the bytes that requests hold. For the event loop only, so it needs no lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0

    @property
    def held(self) -> int:
        """Number of bytes held now."""
        return self._held

    def reserve(self) -> Reservation:
        """Return a reservation, which gives back its bytes at the end of its `with` block."""
        return Reservation(self)

    def take(self, count: int) -> None:
        """Add `count` bytes to those held.

        Raises:
            OverloadedError: The limit is exceeded.
        """
        if self._held + count > self._limit:
            raise OverloadedError(
                "the service holds as many bytes of requests as it may; try later"
            )
        self._held += count

    def check_alone(self, count: int) -> None:
        """Check that one request may ever hold as many bytes.

        Raises:
            BodyTooLargeError: It may not; a later attempt would end the same way.
        """
        if count > self._limit:
            raise BodyTooLargeError(
                f"the request takes more than the {self._limit:,} bytes of memory that there are "
                "for all; send less at once"
            )

    def give_back(self, count: int) -> None:
        """Subtract `count` bytes from those held."""
        self._held -= count


class Reservation:
    """Bytes that one request holds, until the end of its `with` block and of its job."""

    __slots__ = ("_budget", "_users", "taken")

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._users = 1
        self.taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._leave()

    def share(self) -> Callable[[], None]:
        """Keep the bytes also until the returned function is called, which has to be called once.

        A job that runs has its images in memory even where nobody waits for it any more.
        """
        self._users += 1
        return self._leave

    def take(self, count: int) -> None:
        """Take more bytes.

        Raises:
            BodyTooLargeError: The request alone takes more than the limit.
            OverloadedError: The limit is exceeded.
        """
        self._budget.check_alone(self.taken + count)
        self._budget.take(count)
        self.taken += count

    def give_back(self, count: int) -> None:
        """Give some bytes back before the request's end."""
        self._budget.give_back(count)
        self.taken -= count

    def _leave(self) -> None:
        self._users -= 1
        if not self._users:
            self.give_back(self.taken)
