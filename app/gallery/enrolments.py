"""Enrolments that wait for the store together are stored in one transaction.

A transaction waits for the disk once, whatever it holds, and takes most of its processor time
before the first row. Each enrolment is answered after the commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from app.errors import OverloadedError, StoreError
from app.gallery.deadline import LATE
from app.gallery.port import Store
from app.gallery.records import Encoding, Enrolment
from model.errors import LikewiseError

MOST_TOGETHER = 64
"""Enrolments in one transaction."""

Run = Callable[[Callable[[Store], frozenset[str]], float], Awaitable[frozenset[str]]]


@dataclass(eq=False)
class _Asked:
    """One enrolment that waits.

    Attributes:
        name: Of the identity.
        enrolment: Its template.
        end: Its deadline, by `monotonic`.
        answer: Whether there was none of that name.
        alone: Whether it is stored by itself, since a transaction with others has failed.
    """

    name: str
    enrolment: Enrolment
    end: float
    answer: asyncio.Future[bool]
    alone: bool = False


class Enrolments:
    """Enrolments of one worker. For one event loop.

    Those of a gallery are stored in the order in which they were asked for.

    Args:
        run: Runs a call of the store until a time, by `monotonic`.
        max_waiting: Largest number that waits.
    """

    def __init__(self, run: Run, max_waiting: int) -> None:
        self._run, self._max_waiting = run, max_waiting
        self._waiting: dict[tuple[str, Encoding], deque[_Asked]] = {}
        self._writers: set[asyncio.Task[None]] = set()
        self._count = 0

    async def enrol(
        self, gallery: str, name: str, encoding: Encoding, enrolment: Enrolment, within_s: float
    ) -> bool:
        """Store an identity, in place of the one of that name if there is one.

        Returns:
            True if there was none of that name.

        Raises:
            OverloadedError: As many wait as may.
            StoreError: The store cannot be reached, is too slow, or is full.
            UnknownGalleryError: There is no such gallery.
            ModelChangedError: The gallery holds embeddings of another encoding.
        """
        if self._count >= self._max_waiting:
            raise OverloadedError("too many calls wait for the gallery's store; try again shortly")
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        end = monotonic() + within_s
        self._add((gallery, encoding), _Asked(name, enrolment, end, answer))
        self._count += 1
        try:
            async with asyncio.timeout(max(0.0, end - monotonic())):
                return await answer
        except TimeoutError as error:
            raise StoreError(f"{LATE}; the identity may have been stored or not") from error
        finally:
            self._count -= 1

    def _add(self, key: tuple[str, Encoding], asked: _Asked) -> None:
        if key in self._waiting:
            self._waiting[key].append(asked)
            return
        self._waiting[key] = deque([asked])
        writer = asyncio.get_running_loop().create_task(self._write(key))
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)

    async def _write(self, key: tuple[str, Encoding]) -> None:
        """Store the waiting enrolments of a gallery, until none is left."""
        waiting = self._waiting[key]
        while group := _take(waiting):
            waiting.extendleft(reversed(await self._store(key, group)))
        del self._waiting[key]

    async def _store(self, key: tuple[str, Encoding], group: list[_Asked]) -> list[_Asked]:
        """Store a group, and return those of it that have to be tried again."""
        gallery, encoding = key
        enrolments = {asked.name: asked.enrolment for asked in group}
        end = min(asked.end for asked in group)
        try:
            new = await self._run(
                lambda store: store.enrol_many(gallery, encoding, enrolments), end
            )
        except LikewiseError as error:
            return _failed(group, end, error)
        for asked in group:
            if not asked.answer.done():
                asked.answer.set_result(asked.name in new)
        return []


def _take(waiting: deque[_Asked]) -> list[_Asked]:
    """Take the first ones that may be stored together: none that is over, and no name twice."""
    group: dict[str, _Asked] = {}
    while waiting and len(group) < MOST_TOGETHER:
        first = waiting[0]
        if first.answer.done():
            waiting.popleft()
        elif first.name in group or (group and first.alone):
            break
        else:
            group[first.name] = waiting.popleft()
            if first.alone:
                break
    return list(group.values())


def _failed(group: list[_Asked], end: float, error: LikewiseError) -> list[_Asked]:
    """Fail the enrolments of a group, or return those that may succeed without the others.

    One that was asked for with a nearer deadline, or that the store does not take, fails alone.
    """
    late = monotonic() >= end
    again = []
    for asked in group:
        if asked.answer.done():
            continue
        if len(group) > 1 and isinstance(error, StoreError) and (asked.end > end or not late):
            asked.alone = not late
            again.append(asked)
        else:
            asked.answer.set_exception(error)
    return again
