"""Where the work of a request runs: a few threads, and a bounded queue of jobs before them.

Jobs wait on the event loop and reach a thread only when one is free. So a job whose caller has
gone, or whose time is over, is simply not there any more, and costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar

from app.errors import DeadlineError, OverloadedError
from app.telemetry.telemetry import Telemetry

T = TypeVar("T")


class JobPool:
    """Runs jobs in `threads` threads, with at most `max_waiting` more in the queue.

    Made and used on one event loop.
    """

    def __init__(self, threads: int, max_waiting: int, telemetry: Telemetry | None = None) -> None:
        self._telemetry = Telemetry() if telemetry is None else telemetry
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._free = asyncio.Semaphore(threads)
        self._max_waiting = max_waiting
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """The jobs that wait for a thread."""
        return self._waiting

    async def run(self, job: Callable[[], T], within_s: float) -> T:
        """Run a job in a thread and return what it returns, or raise what it raises.

        Cancelling this call drops a job that waits. One that runs cannot be stopped: its thread is
        counted as taken until it ends, and its result is thrown away.

        Args:
            job: What to run.
            within_s: How long it may wait and run, in seconds.

        Raises:
            OverloadedError: Every thread is taken and the queue is full; raised at once.
            DeadlineError: The time is over.
        """
        if self._free.locked() and self._waiting >= self._max_waiting:
            raise OverloadedError("every worker is busy and the queue is full; try again shortly")
        try:
            async with asyncio.timeout(within_s):
                await self._wait_for_a_thread()
                running = self._start(job)
                # `wait` leaves the job alone when we are cancelled, and raises none of its errors.
                await asyncio.wait({running})
        except TimeoutError as error:
            raise DeadlineError(
                f"no answer within {within_s:g} s; try again, or send less at once"
            ) from error
        return running.result()

    def close(self) -> None:
        """Wait for the jobs that run; none starts any more."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _wait_for_a_thread(self) -> None:
        began = perf_counter()
        self._waiting += 1
        self._telemetry.waiting(self._waiting)
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
            self._telemetry.waiting(self._waiting)
        self._telemetry.waited(perf_counter() - began, self._telemetry.trace())

    def _start(self, job: Callable[[], T]) -> asyncio.Future[T]:
        running = asyncio.get_running_loop().run_in_executor(self._executor, job)
        running.add_done_callback(self._ended)
        return running

    def _ended(self, running: asyncio.Future[T]) -> None:
        self._free.release()
        if not running.cancelled():
            running.exception()  # seen, even where nobody waits for it any more
