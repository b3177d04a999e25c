"""Embeddings of the training images by an adopted teacher, computed once for a run."""

from dataclasses import replace

from rich.console import Console

from training.errors import RunError
from training.fit.distributed import World
from training.fit.plan import TrainingPlan
from training.fit.trainer import TrainingData
from training.runs.run_folder import RunFolder


def with_targets(
    plan: TrainingPlan, data: TrainingData, run: RunFolder, console: Console, world: World
) -> TrainingData:
    """Add an adopted teacher's embeddings to the data of a plan, if the plan has such a teacher.

    Process 0 computes them and keeps them in the run folder, from which a resumed run reads them.

    Raises:
        RunError: Those of the run folder are of other images.
        DataError: The teacher locates nothing in any image.
    """
    if plan.adopted is None:
        return data
    images = data.train.source
    if world.rank == 0 and run.load_targets() is None:
        console.print(f"{plan.adopted.source.name} embeds the {len(images)} images to train on")
        run.save_targets(plan.adopted.embed(images))
    world.wait()
    targets = run.load_targets()
    if targets is None or len(targets) != len(images):
        raise RunError(f"{run.path}: targets.npy is not of the images to train on; train again")
    return replace(data, targets=targets)
