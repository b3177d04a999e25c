"""Calls of the store in a few threads of their own, so that it can delay nothing else."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar

from app.errors import OverloadedError, StoreError
from app.gallery.deadline import LATE, deadline

logger = logging.getLogger(__name__)

T = TypeVar("T")
_Queued = tuple[Callable[[], Any], float, "asyncio.Future[Any]"]
"""A call, its deadline by `monotonic`, and its answer."""


class StoreThreads:
    """Runner of blocking calls in daemon threads, with a bounded queue. For one event loop.

    A call that does not return in time keeps its thread, and is counted, until it does: a store
    that hangs is soon refused at once, at the cost of these threads alone.

    Args:
        threads: Largest number of calls at a time.
        max_waiting: Largest number of calls that wait for a thread.
    """

    def __init__(self, threads: int, max_waiting: int) -> None:
        self._limit, self._max_waiting = threads, max_waiting
        self._queue: SimpleQueue[_Queued | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._pending = 0

    async def run(self, call: Callable[[], T], within_s: float) -> T:
        """Run a call and return its result; errors as `run_until`."""
        return await self.run_until(call, monotonic() + within_s)

    async def run_until(self, call: Callable[[], T], end: float) -> T:
        """Run a call and return its result.

        Args:
            call: The call.
            end: Its deadline, by `monotonic`.

        Raises:
            OverloadedError: As many calls wait as may.
            StoreError: The call has not returned in time. A change may have been made, or is about
                to be, or is taken back; none that begins later comes before it.
        """
        if self._pending >= self._limit + self._max_waiting:
            raise OverloadedError("too many calls wait for the gallery's store; try again shortly")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._start_thread()
        self._pending += 1
        self._queue.put((call, end, answer))
        try:
            async with asyncio.timeout(max(0.0, end - monotonic())):
                return await answer
        except TimeoutError as error:
            raise StoreError(
                f"{LATE}; a change that was asked for may have been made or not: ask again"
            ) from error

    def close(self) -> None:
        """End the threads, each after its current call."""
        for _ in self._threads:
            self._queue.put(None)

    def _start_thread(self) -> None:
        """Start a thread, if all are busy and there may be another.

        Raises:
            StoreError: There is none, and the system allows no more.
        """
        if len(self._threads) > self._pending or len(self._threads) == self._limit:
            return
        thread = threading.Thread(target=self._serve, name="store", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            if not self._threads:
                raise StoreError("no thread can be started for the gallery's store") from error
        else:
            self._threads.append(thread)

    def _serve(self) -> None:
        while (queued := self._queue.get()) is not None:
            call, end, answer = queued
            outcome: Any = None
            settle: Callable[[Any], None] = answer.set_result
            if not answer.done():
                try:
                    with deadline(end):
                        outcome = call()
                except BaseException as error:  # noqa: BLE001 (the awaiting task gets it)
                    outcome, settle = error, answer.set_exception
            with suppress(RuntimeError):  # The loop is closed: nobody waits.
                answer.get_loop().call_soon_threadsafe(self._end, answer, settle, outcome)

    def _end(
        self,
        answer: "asyncio.Future[Any]",
        settle: Callable[[Any], None],
        outcome: Any,  # noqa: ANN401 (whatever the call gave)
    ) -> None:
        self._pending -= 1
        if not answer.done():
            settle(outcome)
