"""Where the work of a request runs: a few runner threads, and a bounded queue of jobs before them.

Jobs wait on the event loop and reach a runner only when one is free; it then takes what is there,
up to a cap, and never waits for more to come. So batches form under load and only there, one
hand-over serves a whole batch, and a job whose caller has gone, or whose time is over, is simply
not there any more and costs nothing.

A runner that fails fails its batch and nothing else: its place is taken by a new one, which has to
pass the self-check before it gets work, and until then the pool is not ready.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from time import perf_counter
from typing import Any, Generic, TypeVar

from app.errors import DeadlineError, OverloadedError, RunnerFailedError
from app.telemetry.telemetry import Telemetry
from app.telemetry.traces import Trace

logger = logging.getLogger(__name__)

Job = TypeVar("Job")

Wanted = Callable[[], bool]
"""Whether somebody still waits for a job; may be asked in any thread."""

FIRST_PAUSE_S = 0.05
"""Before a failed runner's place is taken; doubled each time in a row, up to `LONGEST_PAUSE_S`."""
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class Failed:
    """The outcome of a job that raised."""

    error: Exception


@dataclass(frozen=True)
class Execution(Generic[Job]):
    """How the pool's jobs are run.

    Attributes:
        run: Runs a batch in a runner's thread: one outcome for each job, in their order, either
            what it gives or `Failed`. What it raises is a failure of the runner itself. With each
            job it is given whether somebody still waits for it, which may change at any time.
        weigh: How much of a batch a job takes.
        most: The weight that a batch may have; a job that weighs more runs alone.
    """

    run: Callable[[Sequence[Job], Sequence[Wanted]], Sequence[Any]]
    weigh: Callable[[Job], int]
    most: int


class JobPool(Generic[Job]):
    """Runs jobs in `threads` runners, with at most `max_waiting` more in the queue.

    Made anywhere, then used on one event loop. The threads start with the first job.

    Attributes:
        check: The self-check that a new runner has to pass in place of a failed one.
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
        self._waiting: dict[_QueuedJob[Job], None] = {}
        self._idle = [_Runner(execution, self) for _ in range(threads)]
        self._threads = threads
        self._alive = threads
        self._pause_s = FIRST_PAUSE_S
        self._closed = False
        self._runners = set(self._idle)

    @property
    def waiting(self) -> int:
        """The jobs that wait for a runner."""
        return len(self._waiting)

    @property
    def busy(self) -> int:
        """The runners that have work."""
        return self._alive - len(self._idle)

    @property
    def ready(self) -> bool:
        """Whether every runner is there."""
        return self._alive == self._threads and not self._closed

    def refuse_if_full(self) -> None:
        """Refuse what could not even wait.

        Raises:
            OverloadedError: Every runner is taken and the queue is full.
        """
        if not self._idle and len(self._waiting) >= self._max_waiting:
            raise OverloadedError("every worker is busy and the queue is full; try again shortly")

    def submit(self, job: Job, within_s: float) -> asyncio.Future[Any]:
        """Let a job be run.

        Whoever cancels or settles the future itself drops the job if it still waits. One that runs
        is told that nobody wants it, and its runner is counted as taken until it has ended.

        Args:
            job: What to run.
            within_s: How long it may wait and run, in seconds.

        Returns:
            What the job gives or raises; a `DeadlineError` when the time is over, and a
            `RunnerFailedError` when the runner failed.

        Raises:
            OverloadedError: Every runner is taken and the queue is full; raised at once.
        """
        self.refuse_if_full()
        loop = asyncio.get_running_loop()
        ticket = _QueuedJob(job, loop.create_future(), self._telemetry.trace())
        timer = loop.call_later(within_s, ticket.expire, within_s)
        self._waiting[ticket] = None
        ticket.answer.add_done_callback(partial(self._settled, ticket, timer))
        self._dispatch()
        self._telemetry.waiting(len(self._waiting))
        return ticket.answer

    def _settled(self, ticket: _QueuedJob[Job], timer: asyncio.TimerHandle, _: object) -> None:
        timer.cancel()
        if ticket in self._waiting:
            del self._waiting[ticket]
            self._telemetry.waiting(len(self._waiting))

    def close(self) -> None:
        """Wait for the batches that run; none starts any more."""
        self._closed = True
        for runner in self._runners:
            runner.stop()
        for runner in self._runners:
            runner.join()

    def _dispatch(self) -> None:
        """Give what waits to the runners that are idle."""
        while self._idle and self._waiting and not self._closed:
            self._idle.pop().start_batch(self._take())

    def _take(self) -> list[_QueuedJob[Job]]:
        """The jobs that have waited longest, as many as go into one batch."""
        batch: list[_QueuedJob[Job]] = []
        room = self._execution.most
        for ticket in self._waiting:
            room -= self._execution.weigh(ticket.job)
            if batch and room < 0:
                break
            batch.append(ticket)
        now = perf_counter()
        for ticket in batch:
            del self._waiting[ticket]
            self._telemetry.waited(now - ticket.submitted, ticket.trace)
        self._telemetry.waiting(len(self._waiting))
        return batch

    def ended(self, runner: _Runner[Job], batch: Sequence[_QueuedJob[Job]], outcomes: Any) -> None:  # noqa: ANN401 (one for each)
        """A runner has run its batch."""
        self._pause_s = FIRST_PAUSE_S
        self._idle.append(runner)
        for ticket, outcome in zip(batch, outcomes, strict=True):
            ticket.settle(outcome)
        self._dispatch()

    def failed(
        self, runner: _Runner[Job], batch: Sequence[_QueuedJob[Job]], error: BaseException
    ) -> None:
        """A runner has failed; another takes its place after a pause."""
        if runner.is_serving:
            self._alive -= 1
        self._runners.discard(runner)
        logger.error(
            "a runner failed with %d jobs; another starts in %g s",
            len(batch),
            self._pause_s,
            exc_info=error,
        )
        for ticket in batch:
            ticket.settle(Failed(RunnerFailedError("the runner failed; try again in a moment")))
        if not self._closed:
            asyncio.get_running_loop().call_later(self._pause_s, self._replace)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _replace(self) -> None:
        if not self._closed:
            runner = _Runner(self._execution, self)
            self._runners.add(runner)
            runner.start_checked()

    def joined(self, runner: _Runner[Job]) -> None:
        """A new runner has passed the self-check."""
        self._alive += 1
        self._idle.append(runner)
        self._dispatch()


class _QueuedJob(Generic[Job]):
    """A job, and the future that its caller waits for."""

    __slots__ = ("answer", "job", "submitted", "trace")

    def __init__(self, job: Job, answer: asyncio.Future[Any], trace: Trace | None) -> None:
        self.job, self.answer, self.trace = job, answer, trace
        self.submitted = perf_counter()

    def is_wanted(self) -> bool:
        """Whether the caller still waits."""
        return not self.answer.done()

    def settle(self, outcome: Any) -> None:  # noqa: ANN401 (whatever the job gives)
        """Give the outcome to the caller, if there is still one."""
        if self.answer.done():
            return
        if isinstance(outcome, Failed):
            self.answer.set_exception(outcome.error)
        else:
            self.answer.set_result(outcome)

    def expire(self, within_s: float) -> None:
        """The caller's time is over."""
        if not self.answer.done():
            self.answer.set_exception(
                DeadlineError(f"no answer within {within_s:g} s; try again, or send less at once")
            )


class _Runner(Generic[Job]):
    """A thread that runs batches, one after the other; its methods are for the event loop."""

    def __init__(self, execution: Execution[Job], pool: JobPool[Job]) -> None:
        self._execution, self._pool = execution, pool
        self._inbox: SimpleQueue[list[_QueuedJob[Job]] | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.is_serving = False

    def start_batch(self, batch: list[_QueuedJob[Job]]) -> None:
        """Run a batch; the thread is started with the first."""
        if self._thread is None:
            self.is_serving = True
            self._start(checked=False)
        self._inbox.put(batch)

    def start_checked(self) -> None:
        """Start the thread; it joins the pool once it has passed the self-check."""
        self._start(checked=True)

    def stop(self) -> None:
        """Let the thread end after its batch."""
        self._inbox.put(None)

    def join(self) -> None:
        """Wait for the thread's end."""
        if self._thread is not None:
            self._thread.join()

    def _start(self, *, checked: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._serve, args=(checked,), name="runner")
        self._thread.start()

    def _serve(self, checked: bool) -> None:
        batch: list[_QueuedJob[Job]] | None = []
        try:
            if checked:
                self._pool.check()
                self._tell(self._joined)
            while (batch := self._inbox.get()) is not None:
                outcomes = self._execution.run(
                    [ticket.job for ticket in batch], [ticket.is_wanted for ticket in batch]
                )
                self._tell(self._pool.ended, self, batch, outcomes)
                del outcomes  # Nothing of a batch is held while there is no work.
                batch = []
        except BaseException as error:  # noqa: BLE001 (whatever it is, it is told and not lost)
            self._tell(self._pool.failed, self, batch or [], error)

    def _joined(self) -> None:
        self.is_serving = True
        self._pool.joined(self)

    def _tell(self, event: Callable[..., None], *arguments: object) -> None:
        """Call back on the event loop; one that is closed has nobody left to be told."""
        assert self._loop is not None  # noqa: S101 (for the type checker: set by `_start`)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event, *arguments)
