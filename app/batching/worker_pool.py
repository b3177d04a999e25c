"""Pool of worker threads with a bounded queue, in which waiting jobs form batches.

Jobs wait on the event loop until a runner is free. It takes the jobs that wait, up to the maximum
batch, and never waits for more. So batches form only under load, one hand-over to a thread serves a
whole batch, and a job that is cancelled or whose deadline is over leaves the queue at no cost.

A runner that fails takes down its batch only. A new one replaces it, which has to pass the
self-check before it gets work; until then the pool is not ready.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from time import perf_counter
from typing import Any, Generic

from app.batching.job import Execution, Failed, Job, QueuedJob
from app.errors import OverloadedError, RunnerFailedError
from app.telemetry.telemetry import Telemetry

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.05
"""Pause before a failed runner is replaced; doubled for each failure in a row, up to
`LONGEST_PAUSE_S`."""
LONGEST_PAUSE_S = 5.0


def _release_nothing() -> None:
    """Release the memory of a job that holds none."""


def _hold_nothing() -> Callable[[], None]:
    return _release_nothing


class JobPool(Generic[Job]):
    """Pool of `threads` runners, with at most `max_waiting` jobs in the queue.

    Create it anywhere, then use it on one event loop. A thread starts with its first job, or with
    `start`.

    Attributes:
        check: The self-check that the replacement of a failed runner has to pass.
    """

    def __init__(
        self,
        threads: int,
        max_waiting: int,
        execution: Execution[Job],
        check: Callable[[], None],
        telemetry: Telemetry | None = None,
    ) -> None:
        self._execution, self.check = execution, check
        self._telemetry = Telemetry() if telemetry is None else telemetry
        self._max_waiting = max_waiting
        self._waiting: dict[QueuedJob[Job], None] = {}
        self._idle = [_Runner(execution, self) for _ in range(threads)]
        self._threads = threads
        self._alive = threads
        self._pause_s = FIRST_PAUSE_S
        self._closed = False
        self._runners = set(self._idle)

    def start(self) -> None:
        """Start all threads before the first job, so that the pool is not ready if one cannot."""
        idle, self._idle = self._idle, []
        for runner in idle:
            error = runner.start()
            if error is None:
                self._idle.append(runner)
            else:
                self.fail_batch(runner, [], error)

    @property
    def waiting(self) -> int:
        """Number of jobs that wait for a runner."""
        return len(self._waiting)

    @property
    def busy(self) -> int:
        """Number of runners that have work."""
        return self._alive - len(self._idle)

    @property
    def ready(self) -> bool:
        """True while no runner is missing and the pool is open."""
        return self._alive == self._threads and not self._closed

    def refuse_if_full(self) -> None:
        """Check that a job could at least wait.

        Raises:
            OverloadedError: Every runner is busy and the queue is full.
        """
        if not self._idle and len(self._waiting) >= self._max_waiting:
            raise OverloadedError("every worker is busy and the queue is full; try again shortly")

    def submit(
        self, job: Job, within_s: float, hold: Callable[[], Callable[[], None]] = _hold_nothing
    ) -> asyncio.Future[Any]:
        """Queue a job.

        Cancelling or settling the future removes the job from the queue. A job that runs already
        goes on, with `is_cancelled` true, and its runner stays busy until the job ends.

        Args:
            job: The job to run.
            within_s: Deadline for waiting and running together, in seconds.
            hold: Holds the job's memory; what it returns is called once the pool has dropped the
                job, which may be long after its result is of use.

        Returns:
            Future of the job's result or exception; a `DeadlineError` after the deadline, and a
            `RunnerFailedError` if the runner failed.

        Raises:
            OverloadedError: Every runner is busy and the queue is full; raised at once.
        """
        self.refuse_if_full()
        loop = asyncio.get_running_loop()
        queued = QueuedJob(job, loop.create_future(), self._telemetry.trace(), hold())
        timer = loop.call_later(within_s, queued.expire, within_s)
        self._waiting[queued] = None
        queued.answer.add_done_callback(partial(self._remove, queued, timer))
        self._dispatch()
        self._telemetry.waiting(len(self._waiting))
        return queued.answer

    def _remove(self, queued: QueuedJob[Job], timer: asyncio.TimerHandle, _: object) -> None:
        timer.cancel()
        if queued in self._waiting:
            del self._waiting[queued]
            queued.release()
            self._telemetry.waiting(len(self._waiting))

    def close(self) -> None:
        """Start no more batches, and wait for those that run."""
        self._closed = True
        for runner in self._runners:
            runner.stop()
        for runner in self._runners:
            runner.join()

    def _dispatch(self) -> None:
        """Start batches on the idle runners."""
        while self._idle and self._waiting and not self._closed:
            self._idle.pop().start_batch(self._take())

    def _take(self) -> list[QueuedJob[Job]]:
        """Take the jobs that have waited longest off the queue, as many as fit into one batch."""
        batch: list[QueuedJob[Job]] = []
        room = self._execution.max_batch
        for queued in self._waiting:
            room -= self._execution.size_of(queued.job)
            if batch and room < 0:
                break
            batch.append(queued)
        now = perf_counter()
        for queued in batch:
            del self._waiting[queued]
            self._telemetry.waited(now - queued.submitted, queued.trace)
        self._telemetry.waiting(len(self._waiting))
        return batch

    def finish_batch(
        self, runner: _Runner[Job], batch: Sequence[QueuedJob[Job]], outcomes: Sequence[Any]
    ) -> None:
        """Settle the jobs of a batch that has run, and reuse its runner."""
        self._pause_s = FIRST_PAUSE_S
        self._idle.append(runner)
        for queued, outcome in zip(batch, outcomes, strict=True):
            queued.release()
            queued.settle(outcome)
        self._dispatch()

    def fail_batch(
        self, runner: _Runner[Job], batch: Sequence[QueuedJob[Job]], error: BaseException
    ) -> None:
        """Fail the jobs of a runner that failed, and replace it after a pause."""
        if runner.is_serving:
            self._alive -= 1
        self._runners.discard(runner)
        logger.error(
            "a runner failed with %d jobs; another starts in %g s",
            len(batch),
            self._pause_s,
            exc_info=error,
        )
        for queued in batch:
            queued.release()
            queued.settle(Failed(RunnerFailedError("the runner failed; try again in a moment")))
        if not self._closed:
            asyncio.get_running_loop().call_later(self._pause_s, self._replace)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _replace(self) -> None:
        if not self._closed:
            runner = _Runner(self._execution, self)
            self._runners.add(runner)
            runner.start_checked()

    def add_runner(self, runner: _Runner[Job]) -> None:
        """Put a new runner to work, which has passed the self-check."""
        self._alive += 1
        self._idle.append(runner)
        self._dispatch()


class _Runner(Generic[Job]):
    """A thread that runs one batch at a time. Call its methods on the event loop."""

    def __init__(self, execution: Execution[Job], pool: JobPool[Job]) -> None:
        self._execution, self._pool = execution, pool
        self._inbox: SimpleQueue[list[QueuedJob[Job]] | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.is_serving = False

    def start_batch(self, batch: list[QueuedJob[Job]]) -> None:
        """Run a batch; the first one starts the thread."""
        error = self.start()
        if error is None:
            self._inbox.put(batch)
        else:
            asyncio.get_running_loop().call_soon(self._pool.fail_batch, self, batch, error)

    def start(self) -> RuntimeError | None:
        """Start the thread, unless it runs; return the error if the system allows no more."""
        if self._thread is not None:
            return None
        self.is_serving = True
        return self._start(checked=False)

    def start_checked(self) -> None:
        """Start the thread; it joins the pool once it has passed the self-check."""
        error = self._start(checked=True)
        if error is not None:
            self._pool.fail_batch(self, [], error)

    def stop(self) -> None:
        """End the thread after its current batch."""
        self._inbox.put(None)

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None:
            self._thread.join()

    def _start(self, *, checked: bool) -> RuntimeError | None:
        self._loop = asyncio.get_running_loop()
        thread = threading.Thread(target=self._serve, args=(checked,), name="runner")
        try:
            thread.start()
        except RuntimeError as error:  # the limit of processes and threads
            return error
        self._thread = thread
        return None

    def _serve(self, checked: bool) -> None:
        batch: list[QueuedJob[Job]] | None = []
        try:
            if checked:
                self._pool.check()
                self._call_on_loop(self._join_pool)
            while (batch := self._inbox.get()) is not None:
                outcomes = self._execution.run(
                    [queued.job for queued in batch], [queued.is_cancelled for queued in batch]
                )
                self._call_on_loop(self._pool.finish_batch, self, batch, outcomes)
                del outcomes  # An idle runner holds no memory of its last batch.
                batch = []
        except BaseException as error:  # noqa: BLE001 (any failure of the thread is reported to the pool)
            self._call_on_loop(self._pool.fail_batch, self, batch or [], error)

    def _join_pool(self) -> None:
        self.is_serving = True
        self._pool.add_runner(self)

    def _call_on_loop(self, event: Callable[..., None], *arguments: object) -> None:
        """Schedule a callback on the event loop; ignored once the loop is closed."""
        assert self._loop is not None  # noqa: S101 (for the type checker: set by `_start`)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event, *arguments)
