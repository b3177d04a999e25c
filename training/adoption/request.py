"""Request of an adoption: the encoder, the data, and what is said of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from model.bundle import MAX_ONNX_BYTES
from model.errors import FileError
from model.files import read_file
from model.locating.locator import Locator
from model.manifest import InputSpec, Kind, Metric
from training.adoption.declaration import Declaration
from training.adoption.wrapping import Answer
from training.data.image_set import ImageSet
from training.data.split import IdentitySplit, split_in_two
from training.errors import AdoptionError
from training.evaluation.system import SystemUnderTest
from training.inference.comparer import graph_comparer
from training.inference.locating import started
from training.serving_graph.locator_folder import TrainedLocator
from training.stages import SILENT, Stages


@dataclass(frozen=True)
class Terms:
    """Statements of whoever adopts an encoder, for its card.

    Attributes:
        licence: Terms of the encoder's weights; not empty.
        training_data: Data that it was trained on.
        trained_on: Identities that it was trained on, if they are known; they are not measured.
        card: Further text of the card, by its fields.
    """

    licence: str
    training_data: str = "unknown"
    trained_on: frozenset[str] | None = None
    card: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Encoder's file with its content, and the data that it is measured on.

    `seed` is of the halves to calibrate and to test on; `stages` are told what is being done.
    """

    file: Path
    content: bytes
    images: ImageSet
    seed: int = 0
    stages: Stages = SILENT

    @classmethod
    def read(cls, file: Path, images: ImageSet, seed: int = 0, stages: Stages = SILENT) -> Self:
        """Read the file.

        Raises:
            AdoptionError: It is no regular file, or too large.
        """
        try:
            return cls(file, read_file(file, MAX_ONNX_BYTES), images, seed, stages)
        except FileError as error:
            raise AdoptionError(str(error)) from error

    def split(self, terms: Terms) -> IdentitySplit:
        """Take the data set's own test identities, or one half of all.

        Identities that the encoder was trained on, as far as they are known, are the first part.

        Raises:
            SplitError: Too few identities with two or more images for two parts.
        """
        known = terms.trained_on or frozenset()
        trained = tuple(name for name in self.images.identities if name in known)
        images = self.images.of([name for name in self.images.identities if name not in known])
        test = [name for name in images.identities if name in images.test_identities]
        rest = [name for name in images.identities if name not in images.test_identities]
        if test:
            return IdentitySplit(trained, tuple(rest), tuple(test))
        return replace(split_in_two(images, self.seed), train=trained)

    def system(
        self, reading: "Reading", wrapped: bytes, spec: InputSpec, split: IdentitySplit
    ) -> SystemUnderTest:
        """Return the system that a wrapped graph makes with the data."""
        return SystemUnderTest(
            *(graph_comparer(wrapped, reading.energy, self.stages), spec, self.images, split),
            locator=reading.locator,
            stages=self.stages,
        )


@dataclass(frozen=True)
class Reading:
    """Everything that decides the adopted graph besides the encoder itself.

    Attributes:
        declared: Of its input.
        answer: Reading of its output.
        output: Name of the output, where there are several.
        metric: Of the embeddings' energy; of codes and pairs it follows from the kind.
        located: Locator of the thing in each image; None to compare whole images.
    """

    declared: Declaration = field(default_factory=Declaration)
    answer: Answer = field(default_factory=Answer)
    output: str | None = None
    metric: Metric = Metric.L2
    located: TrainedLocator | None = None

    @property
    def locator(self) -> Locator | None:
        """The locator, started; None without one."""
        return started(self.located)

    @property
    def locator_graph(self) -> bytes | None:
        """Content of the locator's file; None without one."""
        return None if self.located is None else self.located.graph

    @property
    def energy(self) -> Metric:
        """Metric of the bundle: of codes and pairs it follows from the kind."""
        fixed = {Kind.CODES: Metric.HAMMING, Kind.PAIR: Metric.NONE}
        return fixed.get(self.answer.kind, self.metric)
