"""One training from a path to a finished run: begin it, or take it up again."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from training import provenance
from training.config import TrainingConfig
from training.data.decoding import canvas_of, decode
from training.data.image_set import ImageSet
from training.data.quarter_turns import with_quarter_turns
from training.data.source import open_data
from training.data.split import IdentitySplit, split_identities
from training.errors import RunError
from training.evaluation import bounded
from training.run import RunFolder, RunRecord
from training.trainer import Trainer, TrainingData
from training.watch import ConsoleWatch


def begin(config: TrainingConfig, data: Path, out: Path, console: Console) -> None:
    """Train a config on a data set, from the start.

    Raises:
        TrainingError: The data cannot be used, the folder is taken, or the training went wrong.
    """
    images = open_data(data)
    split = split_identities(images, config.split, config.seed)
    run = RunFolder(out)
    run.create(config, _record(data, images), split)
    _train(config, images, split, run, console)


def resume(data: Path | None, out: Path, console: Console) -> None:
    """Go on with a run after its last whole epoch; the result is that of an unbroken run.

    Args:
        data: Where the data is now, if it was moved.
        out: The run folder.
        console: Where progress is shown.

    Raises:
        RunError: Not a run folder, or the data is not what the run began with.
    """
    run = RunFolder(out)
    images = data_of(run, data)
    _train(run.config(), images, run.split(), run, console)


def data_of(run: RunFolder, moved_to: Path | None = None) -> ImageSet:
    """The data set that a run was begun with.

    Raises:
        RunError: What lies there now is not what the run began with.
    """
    record = run.record()
    images = open_data(moved_to or Path(record.data))
    if images.fingerprint() != record.data_sha256:
        raise RunError(
            f"the data at {moved_to or record.data} is not what {run.path} began with; give its "
            "place with --data, or train again"
        )
    return images


def training_images(config: TrainingConfig, images: ImageSet, split: IdentitySplit) -> ImageSet:
    """What is trained on: the training part, with its turned forms where the config says so."""
    trained = images.of(split.train)
    return with_quarter_turns(trained) if config.quarter_turns else trained


def _train(
    config: TrainingConfig,
    images: ImageSet,
    split: IdentitySplit,
    run: RunFolder,
    console: Console,
) -> None:
    watched = bounded(images.of(split.calibration), config.images_per_identity)
    data = TrainingData(
        train=decode(
            training_images(config, images, split), canvas_of(config.input, config.canvas)
        ),
        calibration=decode(watched, config.input),
    )
    trainer = Trainer(config, data, run)
    start = trainer.restore()
    trained = data.train.source
    console.print(
        f"{config.name}: {len(trained)} images of {len(trained.identities)} identities, "
        f"{sum(p.numel() for p in trainer.encoder.parameters()):,} parameters, "
        f"on {trainer.device}" + (f", from epoch {start + 1}" if start else "")
    )
    with ConsoleWatch(console, run.tensorboard, config.epochs, trainer.steps) as watch:
        watch.resume(start)
        trainer.fit(watch, start)


def _record(data: Path, images: ImageSet) -> RunRecord:
    return RunRecord(
        data=str(data),
        data_name=images.name,
        data_sha256=images.fingerprint(),
        command=provenance.command(),
        git_revision=provenance.git_revision(),
        libraries=provenance.libraries(),
        started_at=provenance.now(),
        device=provenance.device(),
    )
