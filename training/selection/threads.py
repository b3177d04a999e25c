"""Threads of a training beside other programs, which may begin to use the cores at any time."""

import time
from collections.abc import Callable

import torch

from training.fit.progress import Progress

_SLOWER, _IN_A_ROW = 5.0, 3
"""Ratio to the fastest step from which steps are slow, and number of slow ones that is enough."""


class ThreadWatch(Progress):
    """Observer that leaves a training one thread once several wait for each other.

    Where another program takes a core, each operation waits for the thread on it, so that a step
    takes many times as long as with one thread.

    Args:
        progress: Told of each step and epoch.
        clock: Time in seconds, of the wall.
    """

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress, self._clock = progress, clock
        self._last: float | None = None
        self._fastest, self._slow = float("inf"), 0

    def step(self, loss: float, images: int) -> None:
        """Compare the time of a step, but the first after a measurement, with the fastest."""
        now = self._clock()
        if self._last is not None:
            took = now - self._last
            self._fastest = min(self._fastest, took)
            self._slow = self._slow + 1 if took > _SLOWER * self._fastest else 0
            if self._slow == _IN_A_ROW:
                torch.set_num_threads(1)
        self._last = now
        self._progress.step(loss, images)

    def epoch(self, epoch: int, summary: dict[str, float]) -> None:
        """Pass an epoch on; its measurement is no step."""
        self._last = None
        self._progress.epoch(epoch, summary)
