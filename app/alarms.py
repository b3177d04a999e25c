"""Bounds on waits that nearly always end sooner: one timer of the event loop for all of them.

A timer of one's own costs each request several microseconds, to set it and to cancel it; there
would be three. Here it is an entry in a set, and the timer looks at all of them when the first that
was entered is due.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

_EARLY_S = 0.001
"""By which a timer may come early: the loop's clock counts milliseconds."""


class Alarm:
    """A call that is due at a time of the loop's clock, in seconds."""

    __slots__ = ("at", "ring")

    def __init__(self, at: float, ring: Callable[[], None]) -> None:
        self.at, self.ring = at, ring


class Alarms:
    """Those of one event loop; made anywhere, then used on it alone."""

    def __init__(self) -> None:
        self._alarms: set[Alarm] = set()
        self._next_look = math.inf

    def set(self, after_s: float, ring: Callable[[], None]) -> Alarm:
        """Let `ring` be called after so many seconds, unless the alarm is put off before."""
        loop = asyncio.get_running_loop()
        alarm = Alarm(loop.time() + after_s, ring)
        self._alarms.add(alarm)
        if alarm.at < self._next_look:
            self._look_at(loop, alarm.at)
        return alarm

    def off(self, alarm: Alarm) -> None:
        """Let it not ring any more; nothing happens where it has."""
        self._alarms.discard(alarm)

    def limit(self, seconds: float) -> TimeLimit:
        """A `with` block that may take so long."""
        return TimeLimit(self, seconds)

    def _look_at(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        self._next_look = at
        loop.call_at(at, self._look, loop, at)

    def _look(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        """Ring what is due; of several timers only the one that was set last has a say."""
        if at != self._next_look:
            return
        now = loop.time() + _EARLY_S
        due = [alarm for alarm in self._alarms if alarm.at <= now]
        self._alarms.difference_update(due)
        self._next_look = math.inf
        if self._alarms:
            self._look_at(loop, min(alarm.at for alarm in self._alarms))
        for alarm in due:
            alarm.ring()


class TimeLimit:
    """Ends a `with` block by a TimeoutError when its time is over, as `asyncio.timeout` does."""

    __slots__ = ("_alarm", "_alarms", "_before", "_is_over", "_seconds", "_task")

    def __init__(self, alarms: Alarms, seconds: float) -> None:
        self._alarms, self._seconds = alarms, seconds
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (for the type checker: a wait is in a task)
        self._task, self._before = task, task.cancelling()
        self._alarm = self._alarms.set(self._seconds, self._end)

    def __exit__(self, kind: object, error: BaseException | None, *trace: object) -> None:
        self._alarms.off(self._alarm)
        if not self._is_over:
            return
        # Others may have cancelled the task too, and theirs goes on.
        if self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()
