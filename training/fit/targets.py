"""Embeddings of the training images by an adopted teacher, computed once for a run."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from training.data.decoding import canvas_of
from training.errors import RunError
from training.fit.distributed import World
from training.fit.plan import TrainingPlan
from training.fit.trainer import TrainingData
from training.inference.locating import trained_locator
from training.runs.run_folder import RunFolder
from training.stages import ConsoleStages
from training.transfer.mixtures import Mixtures

_CHUNK = 128
"""Mixtures that are embedded together."""


def with_targets(
    plan: TrainingPlan, data: TrainingData, run: RunFolder, console: Console, world: World
) -> TrainingData:
    """Add an adopted teacher's embeddings to the data of a plan, if the plan has such a teacher.

    Those of mixtures of the images, if the config asks for any, follow those of the images. Process
    0 computes them and keeps them in the run folder, from which a resumed run reads them.

    Raises:
        RunError: Those of the run folder are of other images.
        DataError: The teacher locates nothing in any image.
    """
    if plan.adopted is None:
        return data
    per_image = plan.config.optimisation.teacher_mixtures
    images, mixtures = data.train.source, None
    if per_image:
        mixtures = Mixtures.draw(images.labels(), per_image, plan.config.seed)
    if world.rank == 0 and run.load_targets() is None:
        run.save_targets(_embedded(plan, data, mixtures, console))
    world.wait()
    targets = run.load_targets()
    if targets is None or len(targets) != len(images) + (0 if mixtures is None else len(mixtures)):
        raise RunError(f"{run.path}: targets.npy is not of the images to train on; train again")
    return replace(data, targets=targets, mixtures=mixtures)


def _embedded(
    plan: TrainingPlan, data: TrainingData, mixtures: Mixtures | None, console: Console
) -> NDArray[np.float32]:
    """Let the teacher embed the images, and then the mixtures if there are any."""
    assert plan.adopted is not None  # noqa: S101 (the caller has checked)
    config, teacher, images = plan.config, plan.adopted, data.train.source
    with ConsoleStages(console) as stages:
        stages.begin(f"{teacher.source.name} embeds the {len(images)} images to train on")
        parts = [teacher.embed(images)]
        if mixtures is not None:
            stages.begin(f"{teacher.source.name} embeds {len(mixtures)} mixtures of them")
            locator, pixels = trained_locator(config), torch.from_numpy(data.train.pixels)
            embed = teacher.embedder_of_canvases(
                canvas_of(config.input, config.canvas), None if locator is None else locator.spec
            )
            for rows in np.split(np.arange(len(mixtures)), range(_CHUNK, len(mixtures), _CHUNK)):
                parts.append(embed(mixtures.pixels(pixels, rows).numpy()))
                stages.count("embedded", len(rows))
    return np.concatenate(parts)
