"""`train`: a named config on a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from training import session
from training.config import TrainingConfig, load_config
from training.errors import RunError
from training.run import RunFolder
from training.terminal import DataOption, console

_INTERRUPTED = 130
"""The exit code of an interrupted program, by the custom of shells."""


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    data: DataOption = None,
    resume: Annotated[bool, typer.Option(help="Go on after the last whole epoch.")] = False,
    epochs: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
) -> None:
    """Train a named config on a data set."""
    overrides = {"epochs": epochs, "seed": seed}
    given = {name: value for name, value in overrides.items() if value is not None}
    asked = load_config(config, given)
    with _stoppable():
        if resume and (out / "config.json").exists():
            _check_same_run(asked, RunFolder(out), ["name", *given])
            session.resume(data, out, console)
            return
        if data is None:
            raise typer.BadParameter("a new run needs --data")
        session.begin(asked, data, out, console)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Say how to go on after an interrupt, which typer would answer without a word."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("training: stopped; go on with --resume", err=True)
        raise typer.Exit(_INTERRUPTED) from None


def _check_same_run(asked: TrainingConfig, run: RunFolder, fields: Iterable[str]) -> None:
    """A run goes on as it was begun; other wishes are refused, not passed over."""
    begun = run.config()
    for field in fields:
        if getattr(asked, field) != getattr(begun, field):
            raise RunError(
                f"{run.path} was begun with {field} {getattr(begun, field)}, and cannot go on with "
                f"{getattr(asked, field)}; choose another --out"
            )
