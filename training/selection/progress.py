"""Progress of a choice: a status line on a terminal, and a line every few seconds elsewhere."""

import time
from collections.abc import Callable

from rich.console import Console

from training.fit.progress import Progress

_EVERY = 8.0
"""Seconds between lines where there is no terminal."""
_OVER = "the time is over: what has begun is ended"


class ChoiceProgress(Progress):
    """Observer of all trials of a choice.

    Args:
        console: Terminal or log.
        left: Function that returns the seconds left for the choice and the training after it.
        clock: Time in seconds.
    """

    def __init__(
        self,
        console: Console,
        left: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console, self._left, self._clock = console, left, clock
        self._status = console.status("") if console.is_terminal else None
        self._said, self._doing = clock(), ""

    def trying(self, name: str) -> None:
        """Begin a trial of a candidate."""
        self._doing = f"trying {name}"
        self._show()

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._said = self._clock()

    def step(self, loss: float, images: int) -> None:  # noqa: ARG002 (as every observer)
        """Show that a trial goes on."""
        self._show()

    def done(self) -> None:
        """End the status line."""
        if self._status is not None:
            self._status.stop()

    def _show(self) -> None:
        minutes, seconds = divmod(max(0, round(self._left())), 60)
        left = f"{minutes}:{seconds:02d} left until trained" if minutes or seconds else _OVER
        text = f"{self._doing}; {left}"
        if self._status is not None:
            self._status.start()
            self._status.update(text)
        elif self._clock() - self._said > _EVERY:
            self.say(text)
