"""One training from a path to a finished run: begin it, or take it up again."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from torch import nn

from model.bundle import identity_digest
from training.config.schema import TrainingConfig
from training.data.decoding import canvas_of, decode
from training.data.image_set import ImageSet
from training.data.quarter_turns import with_quarter_turns
from training.data.source import open_data
from training.data.split import DataSplit, split_data
from training.data.subsample import bounded
from training.errors import ConfigError, RunError
from training.fit.compilation import check_compiler
from training.fit.distributed import ALONE, World
from training.fit.loss_compatibility import check_compatibility
from training.fit.progress import ConsoleProgress, SilentProgress
from training.fit.trainer import Trainer, TrainingData
from training.runs import provenance
from training.runs.run_folder import RunFolder, RunRecord
from training.transfer.distillation import Distillation
from training.transfer.pretrained import TrainedWeights
from training.transfer.teacher import Teacher

_STATISTICS_IMAGES = 1024
"""About how many images the statistics of a network that was read back are measured on."""


def begin(  # noqa: PLR0913 (the last ones are rarely given)
    config: TrainingConfig,
    data: Path,
    out: Path,
    console: Console,
    *,
    split: DataSplit | None = None,
    weights: TrainedWeights | None = None,
    teacher: Teacher | None = None,
    world: World = ALONE,
) -> None:
    """Train a config on a data set, from the start.

    Args:
        config: What is trained.
        data: The data set.
        out: The run folder, new or empty.
        console: Where progress is shown.
        split: In place of the one that the config would draw.
        weights: Trained ones to begin with, in place of random ones.
        teacher: A trained encoder whose embeddings this one's are drawn to.
        world: The processes that train together; the first one writes the run folder.

    Raises:
        TrainingError: The data cannot be used, the folder is taken, or the training went wrong.
    """
    check_compatibility(config)
    if config.optimisation.epochs == 0 and weights is None:
        raise ConfigError("0 epochs learn nothing: set epochs, or begin with trained weights")
    images = open_data(data)
    _check_labels(config, images)
    parts, seen = _divide(config, images, split, weights, teacher, console)
    known = parts.take(images, "train")
    encoder = None if weights is None else _initial(weights, config, known)
    lessons = None if teacher is None else teacher.distillation(config)
    if config.optimisation.compiled:
        check_compiler()
    run = RunFolder(out)
    if world.rank == 0:
        run.create(config, _record(data, images, weights, teacher), parts, seen)
    world.wait()
    _train(images, run, console, world, encoder, lessons)


def resume(
    data: Path | None,
    out: Path,
    console: Console,
    *,
    teacher: Teacher | None = None,
    world: World = ALONE,
) -> None:
    """Go on with a run after its last whole epoch; the result is that of an unbroken run.

    Args:
        data: Where the data is now, if it was moved.
        out: The run folder.
        console: Where progress is shown.
        teacher: The one that the run began with, where it began with one.
        world: The processes that train together.

    Raises:
        RunError: Not a run folder, or data or teacher are not what the run began with.
    """
    run = RunFolder(out)
    _check_same_teacher(teacher, run)
    images = data_of(run, data)
    if run.record().initial_weights is not None and run.load_checkpoint() is None:
        raise RunError(f"{run.path} was stopped before it had its initial weights; begin it anew")
    config = run.config()
    if config.optimisation.compiled:
        check_compiler()
    lessons = None if teacher is None else teacher.distillation(config)
    _train(images, run, console, world, lessons=lessons)


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


def training_images(config: TrainingConfig, images: ImageSet, split: DataSplit) -> ImageSet:
    """What is trained on: the training part, with its turned forms where the config says so."""
    trained = split.take(images, "train")
    return with_quarter_turns(trained) if config.quarter_turns else trained


def _divide(  # noqa: PLR0913, PLR0917 (one call, above)
    config: TrainingConfig,
    images: ImageSet,
    split: DataSplit | None,
    weights: TrainedWeights | None,
    teacher: Teacher | None,
    console: Console,
) -> tuple[DataSplit, frozenset[str]]:
    """The split, and digests of those whom initial weights or a teacher were trained on."""
    if split is None and weights is None and teacher is not None:
        taken_over = teacher.split_of(images, config.split)
        if taken_over is not None:
            console.print(f"the split is that of the teacher, {teacher.source.name}")
            return taken_over, teacher.split.train
    seen = frozenset[str]().union(
        frozenset[str]() if weights is None else weights.seen,
        frozenset[str]() if teacher is None else teacher.weights.seen,
    )
    _tell_of_seen(images, seen, console)
    return split or split_data(images, config.split, config.seed, seen), seen


def _train(  # noqa: PLR0913, PLR0917 (the last two are rarely there)
    images: ImageSet,
    run: RunFolder,
    console: Console,
    world: World,
    initial: nn.Module | None = None,
    lessons: Distillation | None = None,
) -> None:
    config, split = run.config(), run.split()
    watched = bounded(split.take(images, "calibration"), config.measurement.images_per_identity)
    data = TrainingData(
        train=decode(
            training_images(config, images, split), canvas_of(config.input, config.canvas)
        ),
        calibration=decode(watched, config.input),
    )
    trainer = Trainer(config, data, run, world, lessons)
    if initial is not None:
        trainer.begin_with(initial)
    world.wait()  # Until the first process has written what the others restore.
    start = trainer.restore()
    if world.rank:
        trainer.fit(SilentProgress(), start)
        return
    trained = data.train.source
    console.print(
        f"{config.name}: {len(trained)} images of {len(trained.identities)} identities, "
        f"{sum(p.numel() for p in trainer.encoder.parameters()):,} parameters, "
        f"on {trainer.device}" + (f", from epoch {start + 1}" if start else "")
    )
    with ConsoleProgress(
        console, run.tensorboard, config.optimisation.epochs, trainer.steps
    ) as watch:
        watch.resume(start)
        trainer.fit(watch, start)


def _check_labels(config: TrainingConfig, images: ImageSet) -> None:
    """Pairs that are not listed have no label, so that only listed ones may be drawn."""
    if images.listed is not None and config.sampler.name != "listed_pairs":
        raise ConfigError(
            f"{images.name} lists pairs and not identities; train it with the config own_pairs, or "
            "one whose sampler is listed_pairs"
        )


def _initial(weights: TrainedWeights, config: TrainingConfig, images: ImageSet) -> nn.Module:
    """The network to begin with; a share of the images is enough for a norm's statistics."""
    few = ImageSet(images.name, images.images[:: -(-len(images) // _STATISTICS_IMAGES)])
    return weights.encoder_of(config, decode(few, config.input).pixels)


def _tell_of_seen(images: ImageSet, seen: frozenset[str], console: Console) -> None:
    known = sum(identity_digest(name) in seen for name in images.identities)
    if known:
        console.print(
            f"{known} identities bear the name of one that the trained weights have seen: they are "
            "trained on, and neither calibrated nor tested on",
            style="yellow",
        )


def _check_same_teacher(teacher: Teacher | None, run: RunFolder) -> None:
    """A run goes on with the teacher that it was begun with."""
    begun, given = run.record().teacher, None if teacher is None else teacher.source
    if begun != given:
        what = "no teacher" if begun is None else f"the teacher {begun.name} {begun.version}"
        raise RunError(
            f"{run.path} was begun with {what}; "
            + ("leave --teacher out" if begun is None else "give that very bundle with --teacher")
        )


def _record(
    data: Path, images: ImageSet, weights: TrainedWeights | None, teacher: Teacher | None
) -> RunRecord:
    return RunRecord(
        data=str(data),
        data_name=images.name,
        data_sha256=images.fingerprint(),
        command=provenance.command(),
        git_revision=provenance.git_revision(),
        libraries=provenance.libraries(),
        started_at=provenance.now(),
        device=provenance.device(),
        initial_weights=None if weights is None else weights.source,
        teacher=None if teacher is None else teacher.source,
    )
