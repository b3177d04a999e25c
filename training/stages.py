"""Stages of a long command, shown while they last: a spinner, or a line every few seconds."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

from rich import progress as bars
from rich.console import Console

_EVERY = 8.0
"""Seconds between lines where there is no terminal."""
_LOOK = 0.5
"""Seconds between looks at the clock."""


class Stages:
    """Observer of a command's stages that shows nothing."""

    def begin(self, stage: str) -> None:
        """Begin a stage, which ends the one before."""

    def count(self, what: str, number: int) -> None:
        """Count what was done in this stage, such as images that were `read`."""


SILENT = Stages()


class ConsoleStages(Stages):
    """Spinner on a terminal; elsewhere a line for each stage, and one every few seconds in it.

    The lines within a stage come from a thread of their own: also where nothing is counted.

    Args:
        console: Terminal or log.
        clock: Time in seconds.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._stage, self._done = "", Counter[str]()
        self._begun = self._said = clock()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._keep_saying, daemon=True)
        self._spinner = bars.Progress(
            bars.SpinnerColumn(),
            bars.TextColumn("{task.description}", markup=False),
            bars.TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def begin(self, stage: str) -> None:
        """Show the stage, with nothing counted yet."""
        with self._lock:
            self._stage, self._done, self._begun = stage, Counter(), self._clock()
            for task in self._spinner.task_ids:
                self._spinner.remove_task(task)
            self._spinner.add_task(stage, total=None)
            if not self._console.is_terminal:
                self._say(stage)

    def count(self, what: str, number: int) -> None:
        """Add to a count, which the spinner shows at once, and the next line."""
        with self._lock:
            self._done[what] += number
            for task in self._spinner.task_ids:
                self._spinner.update(task, description=self._text())

    def look(self) -> None:
        """Say how far the stage is, where there is no terminal and nothing was said for long."""
        with self._lock:
            now = self._clock()
            if not self._console.is_terminal and self._stage and now - self._said >= _EVERY:
                self._say(f"{self._text()} ({now - self._begun:.0f} s)")

    def _text(self) -> str:
        counts = ", ".join(f"{number:,} {what}" for what, number in self._done.items())
        return f"{self._stage}: {counts}" if counts else self._stage

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._said = self._clock()

    def _keep_saying(self) -> None:
        while not self._ended.wait(_LOOK):
            self.look()

    def __enter__(self) -> Self:
        self._spinner.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._spinner.stop()
