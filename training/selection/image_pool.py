"""Images of the training and calibration part, decoded once for each input that candidates have."""

import numpy as np

from model.locating.locator import Pick
from model.manifest import InputSpec
from training.config.schema import TrainingConfig
from training.data.decoding import DecodedImages, canvas_of, decode
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.fit.trainer import TrainingData
from training.inference.locating import configured_locator

_MIN_MEASURED = 2
"""Minimum images of an identity that are measured: a genuine pair."""


class ImagePool:
    """Decoded images of all identities that may be trained or calibrated on.

    Args:
        images: The images.
        measured: Images that are measured, in all: fewer of each identity where there are more.
    """

    def __init__(self, images: ImageSet, measured: int | None = None) -> None:
        self.images, self._most = images, measured
        self._decoded: dict[str, DecodedImages] = {}

    def training_data(self, config: TrainingConfig, fold: DataSplit) -> TrainingData:
        """Return the images of a fold as a trainer takes them."""
        canvas = canvas_of(config.input, config.canvas)
        return TrainingData(
            train=_of(self._decode(config, self.images, canvas, Pick.CENTRAL), fold.train),
            calibration=self.measured(config, config.input, fold.calibration),
        )

    def measured(
        self, config: TrainingConfig, spec: InputSpec, identities: tuple[str, ...]
    ) -> DecodedImages:
        """Return the images of some identities that are measured, as decoded for an input.

        With a locator they are those in which one thing is located.
        """
        return _of(self._decode(config, self._few(config), spec, Pick.ONLY), identities)

    def readable(self, config: TrainingConfig, spec: InputSpec) -> ImageSet:
        """Return the images that would be measured without a locator."""
        whole = config.model_copy(update={"locator": None})
        return self._decode(whole, self._few(config), spec, Pick.ONLY).source

    def _few(self, config: TrainingConfig) -> ImageSet:
        return self.images.bounded(self._limit(config.measurement.images_per_identity))

    def _limit(self, configured: int) -> int:
        """Return the images of an identity that are measured."""
        if self._most is None:
            return configured
        return min(configured, max(_MIN_MEASURED, self._most // len(self.images.identities)))

    def _decode(
        self, config: TrainingConfig, images: ImageSet, spec: InputSpec, aim: Pick
    ) -> DecodedImages:
        key = f"{len(images)} {aim} {config.locator} {spec.model_dump_json()}"
        if key not in self._decoded:
            self._decoded[key] = decode(images, spec, configured_locator(config), aim)
        return self._decoded[key]


def _of(images: DecodedImages, identities: tuple[str, ...]) -> DecodedImages:
    part = images.source.of(identities)
    names = {image.name for image in part}
    rows = np.array([image.name in names for image in images.source])
    return DecodedImages(part, images.pixels[rows])
