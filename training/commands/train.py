"""`train`: a named config on a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from training.config.named import load_config
from training.config.overrides import keys_of, override, value_at
from training.config.schema import TrainingConfig
from training.console import DataOption, console
from training.errors import RunError
from training.fit import training_run
from training.fit.distributed import joined_world
from training.runs.run_folder import RunFolder
from training.transfer.pretrained import TrainedWeights, open_weights
from training.transfer.teacher import open_teacher

_INTERRUPTED = 130
"""The exit code of an interrupted program, by the custom of shells."""


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    data: DataOption = None,
    resume: Annotated[bool, typer.Option(help="Go on after the last whole epoch.")] = False,
    epochs: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the config's.")] = None,
    init: Annotated[
        Path | None,
        typer.Option(help="A bundle or run whose weights, network and input to begin with."),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(help="A bundle of kind encoder whose embeddings these are drawn to."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value in place of the config's; may be given repeatedly."),
    ] = None,
) -> None:
    """Train a named config on a data set."""
    weights = None if init is None else open_weights(init)
    taught_by = None if teacher is None else open_teacher(teacher)
    given = [] if epochs is None else [f"epochs={epochs}"]
    wanted = [*given, *(overrides or ())]
    named = load_config(config, {} if seed is None else {"seed": seed})
    asked = override(named if weights is None else weights.adopted(named), wanted)
    with _stoppable(), joined_world() as world:
        if resume and RunFolder(out).is_begun:
            seeded = [] if seed is None else ["seed"]
            _check_same_run(asked, RunFolder(out), ["name", *seeded, *keys_of(wanted)])
            _check_same_weights(weights, RunFolder(out))
            training_run.resume(data, out, console, teacher=taught_by, world=world)
            return
        if data is None:
            raise typer.BadParameter("a new run needs --data")
        training_run.begin(
            *(asked, data, out, console), weights=weights, teacher=taught_by, world=world
        )


@contextmanager
def _stoppable() -> Iterator[None]:
    """Say how to go on after an interrupt, which typer would answer without a word."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("training: stopped; go on with --resume", err=True)
        raise typer.Exit(_INTERRUPTED) from None


def _check_same_run(asked: TrainingConfig, run: RunFolder, keys: Iterable[str]) -> None:
    """A run goes on as it was begun; other wishes are refused, not passed over."""
    begun = run.config()
    for key in keys:
        wanted, found = value_at(asked, key), value_at(begun, key)
        if wanted != found:
            raise RunError(
                f"{run.path} was begun with {key} {found}, and cannot go on with {wanted}; choose "
                "another --out"
            )


def _check_same_weights(weights: TrainedWeights | None, run: RunFolder) -> None:
    """A run goes on with the weights that it was begun with."""
    begun = run.record().initial_weights
    if weights is not None and weights.source != begun:
        what = "random weights" if begun is None else f"those of {begun.name} {begun.version}"
        raise RunError(f"{run.path} was begun with {what}, not with --init; choose another --out")
