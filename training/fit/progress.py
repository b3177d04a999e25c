"""Progress of a training: a bar with loss, speed and time left, a line for each epoch, and logs."""

import time
from pathlib import Path
from typing import Self

from rich import progress as bars
from rich.console import Console
from torch.utils.tensorboard import SummaryWriter

_EVERY = 8.0
"""Seconds between lines where there is no terminal."""


class Progress:
    """Observer of the training loop that shows nothing: for every process except the first."""

    def step(self, loss: float, images: int) -> None:
        """Show a step: its loss, and the number of images in its batch."""

    def epoch(self, epoch: int, summary: dict[str, float]) -> None:
        """Show a finished epoch, counted from 0, and its figures by name."""


class ConsoleProgress(Progress):
    """Progress bar on a terminal, a line every few seconds elsewhere, and TensorBoard's logs."""

    def __init__(
        self, console: Console, logs: Path, epochs: int, steps: int, start: int = 0
    ) -> None:
        self._console, self._epochs, self._steps = console, epochs, steps
        self._writer = SummaryWriter(str(logs))
        self._progress = bars.Progress(
            bars.TextColumn("epoch {task.fields[epoch]}"),
            bars.BarColumn(),
            bars.TextColumn("loss {task.fields[loss]:.4f}  {task.fields[speed]:.0f} images/s"),
            bars.TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._said = time.monotonic()
        self._task = self._progress.add_task(
            "", total=epochs * steps, completed=start * steps, epoch="", loss=0.0, speed=0
        )

    def step(self, loss: float, images: int) -> None:
        """Move the bar."""
        task = self._progress.tasks[0]
        self._progress.update(
            self._task,
            advance=1,
            loss=loss,
            speed=(task.speed or 0) * images,
            epoch=f"{min(int(task.completed) // self._steps + 1, self._epochs)}/{self._epochs}",
        )
        if not self._console.is_terminal and time.monotonic() - self._said > _EVERY:
            left = "" if task.time_remaining is None else f"  {task.time_remaining:.0f} s left"
            self._say(f"epoch {task.fields['epoch']}  loss {loss:.4f}{left}")

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False)
        self._said = time.monotonic()

    def epoch(self, epoch: int, summary: dict[str, float]) -> None:
        """Print a line, and log the figures."""
        figures = "  ".join(f"{name} {value:.4g}" for name, value in summary.items())
        self._say(f"epoch {epoch + 1}/{self._epochs}  {figures}")
        for name, value in summary.items():
            self._writer.add_scalar(name.replace(" ", "_"), value, epoch)
        self._writer.flush()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        self._writer.close()
