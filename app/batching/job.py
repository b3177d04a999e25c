"""Jobs of the worker pool: how a batch of them is run, and the future that a caller waits for."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, TypeVar

from app.errors import DeadlineError
from app.telemetry.traces import Trace

Job = TypeVar("Job")

IsCancelled = Callable[[], bool]
"""True once nothing waits for a job's result any more. Safe to call from any thread."""


@dataclass(frozen=True)
class Failed:
    """The outcome of a job that raised."""

    error: Exception


@dataclass(frozen=True)
class Execution(Generic[Job]):
    """The functions that run the pool's jobs.

    Attributes:
        run: Runs a batch in a runner's thread and returns one outcome for each job, in their order:
            its result, or `Failed`. What it raises is a failure of the runner itself. Its second
            argument tells for each job whether it is cancelled, which may change at any time.
        size_of: The size of a job in a batch.
        max_batch: The maximum size of a batch; a larger job runs alone.
    """

    run: Callable[[Sequence[Job], Sequence[IsCancelled]], Sequence[Any]]
    size_of: Callable[[Job], int]
    max_batch: int


class QueuedJob(Generic[Job]):
    """A job, and the future that its caller waits for."""

    __slots__ = ("answer", "job", "release", "submitted", "trace")

    def __init__(
        self,
        job: Job,
        answer: asyncio.Future[Any],
        trace: Trace | None,
        release: Callable[[], None],
    ) -> None:
        self.job, self.answer, self.trace, self.release = job, answer, trace, release
        self.submitted = perf_counter()

    def is_cancelled(self) -> bool:
        """Return whether the caller has stopped waiting."""
        return self.answer.done()

    def settle(self, outcome: Any) -> None:  # noqa: ANN401 (whatever the job gives)
        """Pass the outcome to the caller, unless the job is cancelled."""
        if self.answer.done():
            return
        if isinstance(outcome, Failed):
            self.answer.set_exception(outcome.error)
        else:
            self.answer.set_result(outcome)

    def expire(self, within_s: float) -> None:
        """End the caller's wait: its deadline is over."""
        if not self.answer.done():
            self.answer.set_exception(
                DeadlineError(f"no answer within {within_s:g} s; try again, or send less at once")
            )
