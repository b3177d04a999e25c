"""States of the worker processes, as a few numbers in shared memory.

A readiness probe reaches any one of the workers that share a socket, so each of them needs the
states of all. Every number has one writer at a time and is read and written as a whole, so there is
no lock that a worker could hold when it dies.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import time
from dataclasses import dataclass, replace

from app.errors import SettingsError

_RELOADS = 0
_FIRST_HEARTBEAT = 1
_PER_WORKER = 3
"""For each worker: the time of its last heartbeat, or 0 before the first; 1 while it is ready; and
1 once it has to stop."""
_READY, _STOPPING = 1, 2


@dataclass(frozen=True)
class WorkerStates:
    """The states of all workers, written by one of them.

    Attributes:
        numbers: Shared by all processes; created by `alone` or `shared`.
        worker: Index of this process's worker. The supervisor has none and writes for all.
    """

    numbers: ctypes.Array[ctypes.c_double]
    worker: int = 0

    @classmethod
    def alone(cls) -> WorkerStates:
        """Create the states of a service of one process."""
        return cls((ctypes.c_double * (_FIRST_HEARTBEAT + _PER_WORKER))())

    @classmethod
    def shared(cls, workers: int) -> WorkerStates:
        """Create the states of several workers, to pass to each process at its start.

        Raises:
            SettingsError: Neither /dev/shm nor the folder for temporary files has room for them.
        """
        spawning = multiprocessing.get_context("spawn")
        size = _FIRST_HEARTBEAT + _PER_WORKER * workers
        try:
            return cls(spawning.RawArray(ctypes.c_double, size))
        except OSError as error:
            raise SettingsError(
                f"several workers need a page of shared memory ({error.strerror}): make room in "
                "/dev/shm or the folder for temporary files, or set LIKEWISE_WORKERS=1"  # noqa: S108 (named, not used)
            ) from error

    def for_worker(self, worker: int) -> WorkerStates:
        """Return the same states for one of the workers to write."""
        return replace(self, worker=worker)

    @property
    def workers(self) -> int:
        """Number of workers that there should be."""
        return (len(self.numbers) - _FIRST_HEARTBEAT) // _PER_WORKER

    @property
    def label(self) -> int | None:
        """Index of this worker for the log; None in a service of one process."""
        return self.worker if self.workers > 1 else None

    @property
    def ready(self) -> int:
        """Number of workers that are ready and not stopping."""
        return sum(
            self._is_ready(worker) and not self._is_stopping(worker)
            for worker in range(self.workers)
        )

    @property
    def all_ready(self) -> bool:
        """True if every worker is ready."""
        return self.ready == self.workers

    def mark_ready(self) -> None:
        """Record a heartbeat: this worker is ready and its event loop runs."""
        self._beat(is_ready=True)

    def mark_not_ready(self) -> None:
        """Record a heartbeat of a worker that cannot answer."""
        self._beat(is_ready=False)

    def last_heartbeat(self, worker: int) -> float:
        """Monotonic time of a worker's last heartbeat; 0 before its first."""
        return float(self.numbers[self._row(worker)])

    @property
    def is_stopping(self) -> bool:
        """True once this worker has to stop."""
        return self._is_stopping(self.worker)

    def stop(self) -> None:
        """Ask this worker to stop. It is not ready from here on."""
        self.numbers[self._row(self.worker) + _STOPPING] = 1

    def stop_all(self) -> None:
        """Ask every worker to stop."""
        for worker in range(self.workers):
            self.for_worker(worker).stop()

    def reset(self) -> None:
        """Clear the state left by this worker's previous process."""
        row = self._row(self.worker)
        for number in range(row, row + _PER_WORKER):
            self.numbers[number] = 0

    @property
    def reloads(self) -> int:
        """Number of reloads requested so far."""
        return int(self.numbers[_RELOADS])

    def request_reload(self) -> None:
        """Request a reload of the models from every worker."""
        self.numbers[_RELOADS] += 1

    def _beat(self, *, is_ready: bool) -> None:
        row = self._row(self.worker)
        self.numbers[row] = time.monotonic()
        self.numbers[row + _READY] = is_ready

    def _is_ready(self, worker: int) -> bool:
        return bool(self.numbers[self._row(worker) + _READY])

    def _is_stopping(self, worker: int) -> bool:
        return bool(self.numbers[self._row(worker) + _STOPPING])

    def _row(self, worker: int) -> int:
        return _FIRST_HEARTBEAT + _PER_WORKER * worker
