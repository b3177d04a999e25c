"""Progress of a training: a bar with loss, speed and time left, and a line for each epoch."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rich import progress as bars
from rich.console import Console
from torch.utils.tensorboard import SummaryWriter


class Progress(Protocol):
    """Observer of every step and every epoch."""

    def step(self, loss: float, images: int) -> None:
        """A step was made."""

    def epoch(self, epoch: int, summary: dict[str, float]) -> None:
        """An epoch was finished, counted from 0."""


class SilentProgress:
    """Show nothing: for every process but the first."""

    def step(self, loss: float, images: int) -> None:
        """See `Progress.step`."""

    def epoch(self, epoch: int, summary: dict[str, float]) -> None:
        """See `Progress.epoch`."""


class ConsoleProgress:
    """A progress bar on the terminal, and TensorBoard's logs."""

    def __init__(self, console: Console, logs: Path, epochs: int, steps: int) -> None:
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
        self._task = self._progress.add_task("", total=epochs * steps, epoch="", loss=0.0, speed=0)

    def resume(self, epoch: int) -> None:
        """Begin at a later epoch than the first."""
        self._progress.update(self._task, completed=epoch * self._steps)

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

    def epoch(self, epoch: int, summary: dict[str, float]) -> None:
        """Print a line, and log."""
        told = "  ".join(f"{name} {value:.4g}" for name, value in summary.items())
        self._console.print(f"epoch {epoch + 1}/{self._epochs}  {told}", highlight=False)
        for name, value in summary.items():
            self._writer.add_scalar(name.replace(" ", "_"), value, epoch)
        self._writer.flush()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()
        self._writer.close()
