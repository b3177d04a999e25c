"""Run of a training plan, new or resumed."""

from rich.console import Console

from training.fit.distributed import ALONE, World
from training.fit.plan import TrainingPlan
from training.fit.progress import ConsoleProgress, Progress
from training.fit.targets import with_targets
from training.fit.trainer import Trainer
from training.runs.run_folder import RunFolder


def train(plan: TrainingPlan, run: RunFolder, console: Console, world: World = ALONE) -> None:
    """Train by a plan, up to its last epoch, in a new or empty folder, or that of a run to resume.

    Process 0 of the world writes the folder.

    Raises:
        TrainingError: The folder is not empty, or the training failed.
    """
    if plan.record is not None and world.rank == 0:
        if plan.notice:
            console.print(plan.notice, style="yellow")
        run.create(plan.config, plan.record, plan.split, plan.seen)
    world.wait()
    data = with_targets(plan, plan.decode(), run, console, world)
    trainer = Trainer(plan.config, data, run, world, plan.distillation)
    if plan.start is not None:
        trainer.begin_with(plan.start)
    world.wait()  # Until process 0 has saved the initial weights that the others restore.
    start = trainer.restore()
    if world.rank:
        trainer.fit(Progress(), start)
        return
    images = data.train.source
    console.print(
        f"{plan.config.name}: {len(images)} images of {len(images.identities)} identities, "
        f"{sum(p.numel() for p in trainer.encoder.parameters()):,} parameters, "
        f"on {trainer.device}" + (f", from epoch {start + 1}" if start else "")
    )
    epochs, steps = plan.config.optimisation.epochs, trainer.batches.steps
    with ConsoleProgress(console, run.tensorboard, epochs, steps, start) as progress:
        trainer.fit(progress, start)
