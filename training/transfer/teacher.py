"""A teacher: a trained bundle whose embeddings guide those of a student.

What a teacher has seen reaches its student. A student of the same data therefore takes over the
teacher's split, and one of other data tests and calibrates on nobody whom the teacher has seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.bundle import Bundle, Split, identity_digest
from model.manifest import Aspect, InitialWeights, InputSpec, SplitBy
from training.config.schema import TrainingConfig
from training.config.sections import SplitConfig
from training.data.image_set import ImageSet
from training.data.split import DataSplit, split_by_digests
from training.encoder import build_encoder
from training.errors import WeightsError
from training.transfer.distillation import Distillation
from training.transfer.pretrained import TrainedWeights, open_weights, read_bundle


@dataclass(frozen=True)
class Teacher:
    """A bundle to learn from.

    Attributes:
        weights: What it is.
        bundle: Whose graph it is.
        split: On whom it was trained, calibrated and tested.
    """

    weights: TrainedWeights
    bundle: Bundle
    split: Split

    @property
    def source(self) -> InitialWeights:
        """What a manifest tells of it."""
        return self.weights.source

    def distillation(self, config: TrainingConfig) -> Distillation:
        """What it adds to the loss of a student.

        Raises:
            WeightsError: Its input is not of the student's kind, or its graph cannot be read back.
            ConfigError: The student makes no embeddings that it could be compared with.
        """
        _check_input(config.input, self.bundle)
        manifest = self.bundle.manifest
        encoder = build_encoder(self.weights.adopted(config))
        network = self.weights.architecture.served(encoder)
        read_bundle(network, self.bundle)
        metrics = config.metric, manifest.metric
        return Distillation(network, manifest.input, metrics, config.optimisation.teacher_weight)

    def split_of(self, images: ImageSet, config: SplitConfig) -> DataSplit | None:
        """The teacher's own split of a data set, where it is one of all of it.

        Returns:
            None where the data holds what the teacher's split does not, or where the config or the
            data set names others to be calibrated or tested on.

        Raises:
            WeightsError: Teacher and student divide different things, identities and images.
        """
        by = self.bundle.manifest.split_by
        if by is not config.by:
            raise WeightsError(
                f"the teacher was trained on a split by {by} and the student is split by "
                f"{config.by}, so that nobody could tell what of the test it has seen; choose a "
                "teacher of the same split"
            )
        official = images.test_identities if by is SplitBy.IDENTITY else images.test_images
        tested = config.test_identities or (official if config.official else ())
        kept = config.calibration_identities
        if not (_within(tested, self.split.test) and _within(kept, self.split.calibration)):
            return None
        return split_by_digests(images, self.split, by)


def open_teacher(folder: Path) -> Teacher:
    """Open a bundle of kind encoder to learn from.

    Raises:
        WeightsError: It is not one, or does not say on whom it was trained.
        BundleError: It does not pass its checks.
    """
    weights = open_weights(folder)
    if weights.bundle is None:
        raise WeightsError(f"{folder} is a run; a teacher is a bundle: export the run first")
    if weights.bundle.split is None:
        raise WeightsError(
            f"{folder} does not say on whom it was trained, so that nothing could be tested on "
            "people new to it; choose a teacher with a split.json"
        )
    return Teacher(weights, weights.bundle, weights.bundle.split)


def _within(names: Iterable[str], part: frozenset[str]) -> bool:
    return all(identity_digest(name) in part for name in names)


def _check_input(student: InputSpec, teacher: Bundle) -> None:
    """Both have to see the same part of an image, in the same colours; sizes may differ."""
    spec = teacher.manifest.input
    wanted = (student.channels, student.aspect, student.middle)
    same_shape = student.width * spec.height == student.height * spec.width
    if (spec.channels, spec.aspect, spec.middle) != wanted or not (
        same_shape or spec.aspect is Aspect.STRETCH
    ):
        raise WeightsError(
            f"the teacher {teacher.manifest.name} takes {_told(spec)}, and the student "
            f"{_told(student)}: they would see different parts of an image; make the input alike, "
            "but for its size"
        )


def _told(spec: InputSpec) -> str:
    return (
        f"{spec.width} x {spec.height} {'grey' if spec.channels == 1 else 'colour'} pixels "
        f"({spec.aspect}, middle {spec.middle:g})"
    )
