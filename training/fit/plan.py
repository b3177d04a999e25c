"""Plan of a training: everything that is decided before a run folder is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from model.bundle import identity_digest
from model.locating.locator import Pick
from training.config.schema import TrainingConfig
from training.data.decoding import canvas_of, decode
from training.data.image_set import ImageSet
from training.data.quarter_turns import with_quarter_turns
from training.data.source import open_data
from training.data.split import PARTS, DataSplit, split_data
from training.data.support import support_of
from training.errors import ConfigError, RunError
from training.fit.compilation import check_compiler
from training.fit.loss_compatibility import check_compatibility
from training.fit.trainer import TrainingData
from training.inference.locating import configured_locator, trained_locator
from training.runs import provenance
from training.runs.device import device
from training.runs.run_folder import RunFolder, RunRecord
from training.transfer.adopted_teacher import AdoptedTeacher
from training.transfer.distillation import Distillation
from training.transfer.pretrained import TrainedWeights
from training.transfer.teacher import AnyTeacher, Teacher

_STATISTICS_IMAGES = 1024
"""Approximate number of images that the statistics of a bundle's norms are measured on."""


@dataclass(frozen=True)
class TrainingPlan:
    """Training of one config on a whole data set.

    Attributes:
        record: Origin of a new run; None for a run that is resumed.
        start: Network with the initial weights of a new run; None for random ones.
        distillation: The term of the loss of a teacher that was trained here, if there is one.
        adopted: An adopted teacher, whose embeddings are computed before, if there is one.
        seen: Digests of the identities that initial weights or teacher were trained on.
        notice: Lines for the user, about the split and the data.

    Raises:
        ConfigError: There is no C++ compiler for a compiled training, or no teacher for mixtures.
    """

    config: TrainingConfig
    images: ImageSet
    split: DataSplit
    record: RunRecord | None = None
    start: nn.Module | None = None
    distillation: Distillation | None = None
    adopted: AdoptedTeacher | None = None
    seen: frozenset[str] = frozenset()
    notice: str = ""

    def __post_init__(self) -> None:
        if self.config.optimisation.compiled:
            check_compiler()
        if self.config.optimisation.teacher_mixtures:
            self._check_mixtures()

    def _check_mixtures(self) -> None:
        """Refuse mixtures that no teacher can embed before a run folder is written."""
        if self.adopted is None:
            raise ConfigError(
                "teacher_mixtures needs an adopted bundle as --teacher; without one set "
                "teacher_mixtures=0"
            )
        locator, config = trained_locator(self.config), self.config
        spec = None if locator is None else locator.spec
        self.adopted.check_canvases(canvas_of(config.input, config.canvas), spec)

    @property
    def training_images(self) -> ImageSet:
        """The training part, with its turned forms where the config asks for them."""
        images = self.split.take(self.images, "train")
        return with_quarter_turns(images) if self.config.quarter_turns else images

    def decode(self) -> TrainingData:
        """Decode the images to train on, and those to measure after each epoch."""
        config, locator = self.config, configured_locator(self.config)
        calibration = self.split.take(self.images, "calibration")
        measured = calibration.bounded(config.measurement.images_per_identity)
        return TrainingData(
            # Every image is of use to train on; those that are measured, as they are served.
            train=decode(
                *(self.training_images, canvas_of(config.input, config.canvas), locator),
                aim=Pick.CENTRAL,
            ),
            calibration=decode(measured, config.input, locator),
        )


def plan_training(  # noqa: PLR0913 (each may replace a part of the plan)
    config: TrainingConfig,
    data: Path,
    *,
    split: DataSplit | None = None,
    weights: TrainedWeights | None = None,
    teacher: AnyTeacher | None = None,
    network: nn.Module | None = None,
) -> TrainingPlan:
    """Plan the training of a config on a data set, from the start.

    A split is used in place of the one that the config draws, weights in place of random ones, and
    a network in place of one with these weights, which it has learnt from.

    Raises:
        TrainingError: Config, data, weights and teacher do not fit each other.
    """
    check_compatibility(config)
    if config.optimisation.epochs == 0 and weights is None and network is None:
        raise ConfigError("0 epochs train nothing: set epochs, or begin with trained weights")
    images = open_data(data)
    if images.listed is not None and config.sampler.name != "listed_pairs":
        raise ConfigError(
            f"{images.name} lists pairs and not identities; train it with the config own_pairs, or "
            "one whose sampler is listed_pairs"
        )
    parts, seen, notice = _divide(config, images, split, weights, teacher)
    return TrainingPlan(
        config,
        images,
        parts,
        record=_record(data, images, weights, teacher),
        start=network or _network(weights, config, parts.take(images, "train")),
        distillation=teacher.distillation(config) if isinstance(teacher, Teacher) else None,
        adopted=teacher if isinstance(teacher, AdoptedTeacher) else None,
        seen=seen,
        notice="\n".join(filter(None, (notice, *_warnings(images, parts)))),
    )


def plan_resumption(
    run: RunFolder, data: Path | None = None, teacher: AnyTeacher | None = None
) -> TrainingPlan:
    """Plan to resume a run after its last whole epoch; the result equals that of an unbroken run.

    `data` is the present path of data that was moved; the teacher is the one that the run began
    with, if any.

    Raises:
        RunError: Not a run folder, or data or teacher differ from what the run began with.
    """
    _check_same_teacher(teacher, run)
    images, config = run.open_data(data), run.config()
    begins_with_weights = run.record().initial_weights is not None or not config.optimisation.epochs
    if begins_with_weights and run.load_checkpoint() is None:
        raise RunError(
            f"{run.path} was stopped before its initial weights were saved; begin a new run"
        )
    distillation = teacher.distillation(config) if isinstance(teacher, Teacher) else None
    adopted = teacher if isinstance(teacher, AdoptedTeacher) else None
    return TrainingPlan(config, images, run.split(), distillation=distillation, adopted=adopted)


def _divide(
    config: TrainingConfig,
    images: ImageSet,
    split: DataSplit | None,
    weights: TrainedWeights | None,
    teacher: AnyTeacher | None,
) -> tuple[DataSplit, frozenset[str], str]:
    """Return the split, the digests of seen identities, and a notice for the user."""
    if split is None and weights is None and isinstance(teacher, Teacher):
        adopted = teacher.split_of(images, config.split)
        if adopted is not None:
            notice = f"the split is that of the teacher, {teacher.source.name}"
            return adopted, teacher.split.train, notice
    if split is None and weights is not None and (teacher is None or not teacher.seen):
        adopted = weights.split_of(images, config.split)
        if adopted is not None:
            notice = f"the split is that of the initial weights, {weights.source.name}"
            return adopted, weights.trained_on, notice
    sources = (source for source in (weights, teacher) if source is not None)
    seen = frozenset[str]().union(*(source.seen for source in sources))
    count = sum(identity_digest(name) in seen for name in images.identities)
    notice = (
        f"{count} identities bear the name of one that the trained weights have seen: they are "
        "trained on, and neither calibrated nor tested on"
    )
    parts = split or split_data(images, config.split, config.seed, seen)
    return parts, seen, notice if count else ""


def _warnings(images: ImageSet, split: DataSplit) -> Iterator[str]:
    """Say what spoils the result or its figures; `check-data` says more."""
    if count := images.shared_contents():
        yield f"{count} files are under several identities: a fault of labelling"
    owners: dict[str, dict[str, str]] = {part: {} for part in PARTS}
    for part in PARTS:
        if getattr(split, part):
            owners[part] = {image.name: image.identity for image in split.take(images, part)}
    yield from support_of(owners, images.listed).warnings


def _network(
    weights: TrainedWeights | None, config: TrainingConfig, images: ImageSet
) -> nn.Module | None:
    """Build the network with initial weights; a sample of the images is enough for statistics."""
    if weights is None:
        return None
    sample = ImageSet(images.name, images.images[:: -(-len(images) // _STATISTICS_IMAGES)])
    shown = decode(sample, config.input, configured_locator(config), Pick.CENTRAL)
    return weights.encoder_of(config, shown.pixels)


def _check_same_teacher(teacher: AnyTeacher | None, run: RunFolder) -> None:
    first, given = run.record().teacher, None if teacher is None else teacher.source
    if first == given:
        return
    if first is None:
        raise RunError(f"{run.path} was begun with no teacher; leave --teacher out")
    raise RunError(
        f"{run.path} was begun with the teacher {first.name} {first.version}; give that bundle "
        "with --teacher"
    )


def _record(
    data: Path, images: ImageSet, weights: TrainedWeights | None, teacher: AnyTeacher | None
) -> RunRecord:
    return RunRecord(
        data=str(data),
        data_name=images.name,
        data_sha256=images.fingerprint(),
        command=provenance.command(),
        git_revision=provenance.git_revision(),
        libraries=provenance.libraries(),
        started_at=provenance.now(),
        device=device(),
        initial_weights=None if weights is None else weights.source,
        teacher=None if teacher is None else teacher.source,
    )
