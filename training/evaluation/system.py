"""System under test: a network that compares images, with a data set and what it has seen of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.locating.locator import Locator, Pick
from model.manifest import InputSpec, Metric, Seen
from model.scoring import Energies, Vectors
from training import registry
from training.data.decoding import DecodedImages, acquisition, decode
from training.data.image_set import ImageSet, OfficialPair
from training.data.split import DataSplit, ImageSplit
from training.errors import ConfigError, DataError
from training.evaluation.measured_value import MeasuredValue
from training.inference.comparer import Comparer, EmbeddingComparer
from training.metrics.pairs import PairEnergies
from training.registry import Component, Part
from training.stages import SILENT, Stages

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class SystemUnderTest:
    """Network that compares images, with a data set to measure it on.

    Attributes:
        comparer: The network and its energy.
        spec: Its input.
        images: The whole data set.
        split: Parts of it that the network was trained, calibrated and is tested on.
        data: Path of the data set, for protocols whose lists lie beside it.
        activations: The network before its signs, where it gives codes.
        name: The run's or the bundle's.
        own_data: Whether the network was calibrated on `images`.
        seen: Whether the identities that the network was trained on are known.
        locator: Locates the thing in each image before it is compared, if any.
        stages: Told what is being measured.
    """

    comparer: Comparer
    spec: InputSpec
    images: ImageSet
    split: DataSplit
    data: Path | None = None
    activations: Callable[[Pixels], NDArray[np.generic]] | None = None
    name: str = ""
    own_data: bool = True
    seen: Seen = Seen.IDENTITIES
    locator: Locator | None = None
    stages: Stages = SILENT

    def decode(self, images: ImageSet) -> DecodedImages:
        """Decode images to the network's input; those without exactly one thing are left out.

        Raises:
            DataError: No image is left.
        """
        return decode(images, self.spec, self.locator, stages=self.stages)

    @property
    def metric(self) -> Metric:
        """Metric of the energy."""
        return self.comparer.metric

    @property
    def is_closed_set(self) -> bool:
        """True where the identities that it is tested on are known from training."""
        return isinstance(self.split, ImageSplit)

    @property
    def trained(self) -> ImageSet:
        """The images that it was trained on."""
        return self.split.take(self.images, "train")

    @property
    def calibrated(self) -> ImageSet:
        """The images that its thresholds are chosen on."""
        return self.split.take(self.images, "calibration")

    @cached_property
    def tested(self) -> ImageSet:
        """The images that it is measured on, none of which it has seen."""
        return self.split.take(self.images, "test")

    def measure(self, protocols: Iterable[Component]) -> Iterator[MeasuredValue]:
        """Measure some protocols, in order.

        Raises:
            ConfigError: A protocol that does not exist, or an option that it does not have.
            DataError: The data set is not one that a protocol can be measured on.
        """
        for component in protocols:
            yield from registry.build(Part.PROTOCOL, component)(self)

    def pairs(self, images: ImageSet, images_per_identity: int) -> PairEnergies:
        """Compare images of the data set: every pair, or of a pair model a seeded sample.

        At most `images_per_identity` of one identity are compared; unreadable ones are left out.

        Raises:
            DataError: No genuine or no impostor pairs among them.
        """
        decoded = self.decode(images.bounded(images_per_identity))
        source = decoded.source
        return self.comparer.pairs(decoded.pixels, source.labels(), source.listed_rows())

    def energies(self, images: ImageSet, left: Indices, right: Indices) -> Energies:
        """Energies of the pairs of images `left[k]` and `right[k]`, (pairs,).

        Where several things are located in an image, it is the central one. A pair with an image in
        which nothing is located is no match (ISO/IEC 19795-1): its energy is the largest of all.

        Raises:
            DataError: An image cannot be read.
        """
        decoded = self._located(images)
        row = {image.name: i for i, image in enumerate(decoded.source)}
        rows = np.array([row.get(image.name, -1) for image in images])
        one, other = rows[left], rows[right]
        acquired = (one >= 0) & (other >= 0)
        found = self.comparer.energies(decoded.pixels, one[acquired], other[acquired])
        energies = np.full(len(left), found.max(), dtype=found.dtype)
        energies[acquired] = found
        return energies

    def listed_energies(self, pairs: Sequence[OfficialPair]) -> Energies:
        """Energies of a published list of pairs, (pairs,); of several located things, the central.

        Where nothing is located in an image, its pairs have the energy NaN, which no decision
        counts as right.

        Raises:
            DataError: An image of the list cannot be read.
        """
        images = self.images.only(name for left, right, _ in pairs for name in (left, right))
        if self.locator is None:
            decoded = DecodedImages(images, self._pixels(images))
        else:
            decoded = decode(images, self.spec, self.locator, Pick.CENTRAL, self.stages)
        row = {image.name: i for i, image in enumerate(decoded.source)}
        rows = np.array([(row.get(left, -1), row.get(right, -1)) for left, right, _ in pairs])
        known = (rows >= 0).all(axis=1)
        found = self.comparer.energies(decoded.pixels, *rows[known].T)
        energies = np.full(len(pairs), np.nan, dtype=found.dtype)
        energies[known] = found
        return energies

    def embed(self, images: ImageSet) -> tuple[Vectors, Indices]:
        """Embed some images.

        Returns:
            The embeddings, (images, dim), in the images' order, and each one's identity as an index
            into `images.identities`, (images,).

        Raises:
            DataError: An image cannot be read.
            ConfigError: The system compares pairs, and has no embeddings.
        """
        if not isinstance(self.comparer, EmbeddingComparer):
            raise ConfigError(
                "this protocol needs embeddings, which a pair model does not have; choose one that "
                "measures pairs, such as fpr95"
            )
        return self.comparer.embed(self._pixels(images)), images.labels()

    def embed_unpacked(self, images: ImageSet) -> tuple[NDArray[np.float32], Indices]:
        """Activations, float32 (images, bits), whose signs are the code; else as `embed`.

        Raises:
            DataError: An image cannot be read.
            ConfigError: The system has no codes.
        """
        if self.activations is None:
            raise ConfigError(
                "this protocol needs codes and the activations behind them; it is for the metric "
                f"hamming, and this system's is {self.metric}"
            )
        activations = self.activations(self._pixels(images))
        return activations.astype(np.float32, copy=False), images.labels()

    def _pixels(self, images: ImageSet) -> Pixels:
        """Decode every image: a protocol without one of them would be another protocol.

        Where several things are located, it is the central one.
        """
        decoded = self._located(images)
        if lost := len(images) - len(decoded.source):
            raise DataError(f"{images.name}: nothing is located in {lost} of its images")
        return decoded.pixels

    def _located(self, images: ImageSet) -> DecodedImages:
        """Decode images that can all be read, though nothing may be located in some."""
        decoded = decode(images, self.spec, self.locator, Pick.CENTRAL, self.stages)
        lost = len(images) - len(decoded.source)
        if lost and self.locator is not None:
            lost -= acquisition(images, self.locator).nothing
        if lost:
            raise DataError(f"{images.name}: {lost} of its images cannot be read")
        return decoded
