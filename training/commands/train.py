"""`train`: a named config on a data set."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from training.config.candidates import Candidate
from training.config.named import load_candidates, load_config
from training.config.overrides import keys_of, override, value_at
from training.config.schema import TrainingConfig
from training.console import DataOption, console
from training.errors import RunError
from training.fit import training_run
from training.fit.distributed import World, joined_world
from training.fit.plan import plan_resumption, plan_training
from training.locator.config import LocatorConfig
from training.locator.named import load_locator_config, locator_names
from training.locator.training_run import train_locator
from training.runs.run_folder import RunFolder
from training.selection.budget import Budget
from training.selection.plan import plan_chosen
from training.transfer.pretrained import TrainedWeights, open_weights
from training.transfer.teacher import open_teacher

_MINUTES = 10.0
"""Time of a config that chooses, unless --minutes is given."""
_INTERRUPTED = 130
"""Exit code of a program that was interrupted (128 + SIGINT)."""


InitOption = Annotated[
    Path | None,
    typer.Option(help="A bundle or run whose weights, network and input to start from."),
]
TeacherOption = Annotated[
    Path | None,
    typer.Option(help="A bundle of kind encoder to distil: its embeddings guide the training."),
]
MinutesOption = Annotated[
    float | None,
    typer.Option(
        min=0, help="Time to choose and train, of a config that chooses (10); 0: choose nothing."
    ),
]
ProcessorTimeOption = Annotated[
    bool,
    typer.Option(help="Count the minutes as processor time, where others use the machine."),
]


def run(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    config: Annotated[str, typer.Argument(help="A named config; see `configs`.")],
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    data: DataOption = None,
    resume: Annotated[
        bool, typer.Option(help="Continue the run in --out after its last whole epoch.")
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(help="Number of epochs, in place of the config's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, in place of the config's.")] = None,
    init: InitOption = None,
    teacher: TeacherOption = None,
    minutes: MinutesOption = None,
    processor_time: ProcessorTimeOption = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value in place of the config's; can be repeated."),
    ] = None,
) -> None:
    """Train a named config on a data set."""
    if config in locator_names():
        others = [resume, init, teacher, epochs, minutes]
        _train_locator(load_locator_config(config, overrides or (), seed), data, out, others)
        return
    weights = None if init is None else open_weights(init)
    guide = None if teacher is None else open_teacher(teacher)
    values = [*([] if epochs is None else [f"epochs={epochs}"]), *(overrides or ())]
    named = load_config(config, {} if seed is None else {"seed": seed})
    asked = override(named if weights is None else weights.adopted(named), values)
    folder, candidates = RunFolder(out), load_candidates(config)
    with _resume_hint(), joined_world() as world:
        if resume and folder.is_begun:
            seeded = [] if seed is None else ["seed"]
            _check_same_run(asked, folder, ["name", *seeded, *keys_of(values)], weights)
            plan = plan_resumption(folder, data, guide)
        elif data is None:
            raise typer.BadParameter("a new run needs --data")
        elif _is_chosen(candidates, minutes, world, fixed=[init, teacher, epochs]):
            folder.check_empty()
            budget = _budget(minutes, processor_time)
            plan = plan_chosen(named, candidates, values, data, budget, console)
        else:
            plan = plan_training(asked, data, weights=weights, teacher=guide)
        training_run.train(plan, folder, console, world)


def _train_locator(
    config: LocatorConfig, data: Path | None, out: Path, others: Sequence[object]
) -> None:
    if data is None or any(others):
        raise typer.BadParameter("a locator takes --data, --out, --seed and --set alone")
    train_locator(config, data, out, console)


def _is_chosen(
    candidates: Sequence[Candidate],
    minutes: float | None,
    world: World,
    fixed: Sequence[object],
) -> bool:
    """Check whether a training is chosen, unless an option fixes what would be.

    Raises:
        BadParameter: Minutes were given beside such an option, to several processes, or for a
            config without candidates.
    """
    if minutes is not None and not candidates:
        raise typer.BadParameter("this config does not choose, so it has no --minutes")
    can_choose = not any(option is not None for option in fixed) and world.size == 1
    if minutes and not can_choose:
        raise typer.BadParameter(
            "--minutes chooses by itself, in one process: leave --init, --teacher, --epochs out"
        )
    return bool(candidates) and can_choose and minutes != 0


def _budget(minutes: float | None, processor_time: bool) -> Budget:
    clock = time.process_time if processor_time else time.monotonic
    return Budget(60 * (_MINUTES if minutes is None else minutes), clock)


@contextmanager
def _resume_hint() -> Iterator[None]:
    """Print how to resume after an interrupt, which typer would not report."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("training: stopped; continue with --resume", err=True)
        raise typer.Exit(_INTERRUPTED) from None


def _check_same_run(
    asked: TrainingConfig, run: RunFolder, keys: Iterable[str], weights: TrainedWeights | None
) -> None:
    """Check that the options given agree with the run to resume, rather than ignore them."""
    _check_same_weights(weights, run)
    first = run.config()
    for key in keys:
        wanted, found = value_at(asked, key), value_at(first, key)
        if wanted != found:
            raise RunError(
                f"{run.path} was begun with {key} {found}, and cannot be resumed with {wanted}; "
                "choose another --out"
            )


def _check_same_weights(weights: TrainedWeights | None, run: RunFolder) -> None:
    """Check that --init, if given, names the weights that the run began with."""
    first = run.record().initial_weights
    if weights is not None and weights.source != first:
        what = "random weights" if first is None else f"those of {first.name} {first.version}"
        raise RunError(f"{run.path} was begun with {what}, not with --init; choose another --out")
