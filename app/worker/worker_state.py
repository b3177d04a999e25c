"""What the processes of one service tell each other: a few numbers in shared memory.

A socket that several workers share gives a probe to any of them, so the one that is asked has to
know of the others. Every number has one writer at a time, and is written and read as a whole: there
is no lock that a worker could die with.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import time
from dataclasses import dataclass, replace

_RELOADS = 0
_FIRST_BEAT = 1
_PER_WORKER = 2
"""The time of the last beat, 0 where it is not ready; and 1 once it is to leave."""


@dataclass(frozen=True)
class WorkerStates:
    """The numbers, as one process sees them.

    Attributes:
        numbers: Shared by all; made by `alone` or `shared`.
        worker: Which worker this process is, counted from 0; the supervisor is none and writes for
            all.
    """

    numbers: ctypes.Array[ctypes.c_double]
    worker: int = 0

    @classmethod
    def alone(cls) -> WorkerStates:
        """The states of a service of one process."""
        return cls((ctypes.c_double * (_FIRST_BEAT + _PER_WORKER))())

    @classmethod
    def shared(cls, workers: int) -> WorkerStates:
        """The states of several workers, to be passed to each when its process is started."""
        spawning = multiprocessing.get_context("spawn")
        return cls(spawning.RawArray(ctypes.c_double, _FIRST_BEAT + _PER_WORKER * workers))

    def for_worker(self, worker: int) -> WorkerStates:
        """The same states, as one of the workers writes them."""
        return replace(self, worker=worker)

    @property
    def workers(self) -> int:
        """How many workers there should be."""
        return (len(self.numbers) - _FIRST_BEAT) // _PER_WORKER

    @property
    def ready(self) -> int:
        """How many workers can answer and are to go on answering."""
        return sum(
            self.last_beat(worker) > 0 and not self._leaves(worker)
            for worker in range(self.workers)
        )

    @property
    def all_ready(self) -> bool:
        """Whether every worker can answer."""
        return self.ready == self.workers

    def beat(self) -> None:
        """Say that this worker is ready and its event loop turns."""
        self.numbers[self._row(self.worker)] = time.monotonic()

    def rest(self) -> None:
        """Say that this worker cannot answer."""
        self.numbers[self._row(self.worker)] = 0

    def last_beat(self, worker: int) -> float:
        """When a worker last said that it is ready, by the monotonic clock; 0 where it is not."""
        return float(self.numbers[self._row(worker)])

    @property
    def leaving(self) -> bool:
        """Whether this worker is to stop."""
        return self._leaves(self.worker)

    def leave(self) -> None:
        """Say that this worker is to stop. It is not ready from here on."""
        self.numbers[self._row(self.worker) + 1] = 1

    def leave_all(self) -> None:
        """Say that every worker is to stop."""
        for worker in range(self.workers):
            self.for_worker(worker).leave()

    def reset(self) -> None:
        """Forget what this worker's process wrote, which has ended."""
        self.rest()
        self.numbers[self._row(self.worker) + 1] = 0

    @property
    def reloads(self) -> int:
        """How many times the models were to be looked at again."""
        return int(self.numbers[_RELOADS])

    def ask_reload(self) -> None:
        """Ask every worker to look at the models again."""
        self.numbers[_RELOADS] += 1

    def _leaves(self, worker: int) -> bool:
        return bool(self.numbers[self._row(worker) + 1])

    def _row(self, worker: int) -> int:
        return _FIRST_BEAT + _PER_WORKER * worker
