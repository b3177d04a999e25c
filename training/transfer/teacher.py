"""Teacher of a distillation: a bundle whose embeddings guide the student's.

A student indirectly learns from the identities that its teacher was trained on. With the same data
it therefore adopts the teacher's split; with other data, none of those identities is calibrated or
tested on.
"""

from dataclasses import dataclass
from pathlib import Path

from model.bundle import Bundle, Split
from model.manifest import Aspect, InputSpec
from model.schema.provenance import TeacherSource
from training.config.schema import TrainingConfig
from training.config.sections import SplitConfig
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.encoder import build_encoder
from training.errors import WeightsError
from training.runs.run_folder import open_system
from training.transfer.adopted_teacher import AdoptedTeacher, adopted_teacher
from training.transfer.distillation import Distillation
from training.transfer.former_split import split_again
from training.transfer.pretrained import TrainedWeights, open_weights, read_bundle


@dataclass(frozen=True)
class Teacher:
    """Bundle to distil from, with its weights and its split."""

    weights: TrainedWeights
    bundle: Bundle
    split: Split

    @property
    def source(self) -> TeacherSource:
        """Name, version and hash, as they are written into a manifest."""
        return TeacherSource(**dict(self.weights.source))

    @property
    def seen(self) -> frozenset[str]:
        """Digests of the identities that it was trained or calibrated on."""
        return self.weights.seen

    def distillation(self, config: TrainingConfig) -> Distillation:
        """Return the term that the teacher adds to the student's loss.

        Raises:
            WeightsError: The two inputs differ, or the teacher's graph cannot be read back.
            ConfigError: The metric of one of them is neither L1 nor L2.
        """
        _check_input(config.input, self.bundle)
        manifest = self.bundle.manifest
        encoder = build_encoder(self.weights.adopted(config))
        network = self.weights.architecture.served(encoder)
        read_bundle(network, self.bundle)
        metrics = config.metric, manifest.metric
        return Distillation(network, manifest.input, metrics, config.optimisation.teacher_weight)

    def split_of(self, images: ImageSet, config: SplitConfig) -> DataSplit | None:
        """Return the teacher's split of a data set, for the student to adopt.

        Returns:
            None where the split does not cover all of the data, or where the config or the data set
            names other identities to calibrate or test on.

        Raises:
            WeightsError: One is split by identity and the other by image.
        """
        by = self.bundle.manifest.split_by
        if by is not config.by:
            raise WeightsError(
                f"the teacher was trained on a split by {by} and the student is split by "
                f"{config.by}, so the test part could hold images that the teacher was trained on; "
                "choose a teacher of the same split"
            )
        return split_again(images, config, self.split)


AnyTeacher = Teacher | AdoptedTeacher


def open_teacher(folder: Path) -> AnyTeacher:
    """Open a bundle of kind encoder, trained here or adopted, as a teacher.

    Raises:
        WeightsError: The path is not such a bundle, or the bundle has no split.
        BundleError: The bundle does not pass its checks.
    """
    opened = open_system(folder)
    if isinstance(opened, Bundle) and opened.manifest.adoption is not None:
        return adopted_teacher(opened)
    weights = open_weights(folder)
    if weights.bundle is None:
        raise WeightsError(f"{folder} is a run; a teacher is a bundle: export the run first")
    if weights.bundle.split is None:
        raise WeightsError(
            f"{folder} does not record the identities that it was trained on, so a test on "
            "identities new to it is impossible; choose a teacher with a split.json"
        )
    return Teacher(weights, weights.bundle, weights.bundle.split)


def _check_input(student: InputSpec, teacher: Bundle) -> None:
    """Check that both take the same part of an image, in the same colours; sizes may differ."""
    spec = teacher.manifest.input
    same_part = (spec.aspect, spec.middle) == (student.aspect, student.middle)
    same_shape = student.width * spec.height == student.height * spec.width
    same_shape = same_shape or spec.aspect is Aspect.STRETCH
    if not (same_part and same_shape and spec.channels == student.channels):
        raise WeightsError(
            f"the teacher {teacher.manifest.name} takes {_describe(spec)}, and the student "
            f"{_describe(student)}: they would see different parts of an image; use the same "
            "input, except for its size"
        )


def _describe(spec: InputSpec) -> str:
    return (
        f"{spec.width} x {spec.height} {'grey' if spec.channels == 1 else 'colour'} pixels "
        f"({spec.aspect}, middle {spec.middle:g})"
    )
