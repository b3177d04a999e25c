"""Adopted bundle as a teacher: its embeddings of the training images, as it is served.

Nothing but its graph is known, so its own weights are not read. It sees each image by its own
preprocessing, and by its own locator where it has one; the student's crop, size and variations do
not matter to it. Its embeddings are therefore computed once, before the training.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.bundle import Bundle
from model.image_files.fitting import fit
from model.locating.cutting import cut_input
from model.locating.locator import Locator, Pick
from model.manifest import InputSpec, Kind, Metric, Seen
from model.schema.locator import LocatorSpec
from model.schema.provenance import TeacherSource
from training.data.decoding import decode
from training.data.image_set import ImageSet
from training.errors import ConfigError, DataError, WeightsError
from training.inference.locating import locator_of
from training.inference.onnx_runtime import OnnxEncoder
from training.transfer.mixtures import square_of

_CHUNK = 1024
"""Images that are decoded together, which bounds the memory."""


@dataclass(frozen=True)
class AdoptedTeacher:
    """Adopted bundle of kind encoder to learn from."""

    bundle: Bundle

    @property
    def source(self) -> TeacherSource:
        """Name, version, hash and terms, as they are written into a manifest."""
        manifest = self.bundle.manifest
        assert manifest.adoption is not None  # noqa: S101 (it was adopted)
        return TeacherSource(
            name=manifest.name,
            version=manifest.version,
            sha256=manifest.onnx.sha256,
            licence=manifest.adoption.licence,
            training_data=manifest.adoption.training_data,
            seen=manifest.adoption.seen,
        )

    @property
    def seen(self) -> frozenset[str]:
        """Digests of the identities that it was trained on, where they are known.

        Those that its thresholds were chosen on are no part of its graph.
        """
        split = self.bundle.split
        known = self.bundle.manifest.seen is Seen.IDENTITIES and split is not None
        return split.train if known and split is not None else frozenset()

    def embed(self, images: ImageSet) -> NDArray[np.float32]:
        """Embed images as they are, each as the mean of itself and its mirror image.

        Returns:
            (images, dim), each row of length 1; NaN for images in which nothing is located.

        Raises:
            DataError: Nothing is located in any image.
        """
        encoder, locator = OnnxEncoder(self.bundle.onnx), locator_of(self.bundle)
        row = {image.name: index for index, image in enumerate(images)}
        dim = self.bundle.manifest.embedding_dim
        embeddings = np.full((len(images), dim), np.nan, dtype=np.float32)
        for names, pixels in self._decoded(images, locator):
            embeddings[[row[name] for name in names]] = _both_ways(encoder, pixels)
        if np.isnan(embeddings).all():
            raise DataError(f"the teacher {self.source.name} locates nothing in {images.name}")
        return embeddings

    def check_canvases(self, canvas: InputSpec, locator: LocatorSpec | None) -> None:
        """Check that where the teacher's crop lies in a student's canvas is known.

        Raises:
            ConfigError: It locates by another locator, or takes images by another rule.
        """
        own, spec = self.bundle.manifest.locator, self.bundle.manifest.input
        if (own and own.sha256) != (locator and locator.sha256):
            raise ConfigError(
                f"teacher_mixtures needs a teacher with the locator of the student, and that of "
                f"{self.source.name} is another; adopt it with --locator, or set teacher_mixtures=0"
            )
        if own is None and spec.aspect is not canvas.aspect:
            raise ConfigError(
                f"teacher_mixtures needs a teacher that takes images as the student does, by the "
                f"aspect {canvas.aspect} and not {spec.aspect}; set teacher_mixtures=0"
            )

    def embedder_of_canvases(
        self, canvas: InputSpec, locator: LocatorSpec | None
    ) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        """Return a function that embeds a student's canvases, which are no whole pictures.

        Args:
            canvas: What the canvases show.
            locator: The student's, None where it has none.

        Returns:
            uint8 (images, H, W, C) to float32 (images, dim), as `embed`.

        Raises:
            ConfigError: As `check_canvases`.
        """
        self.check_canvases(canvas, locator)
        own, spec = self.bundle.manifest.locator, self.bundle.manifest.input
        encoder, mode = OnnxEncoder(self.bundle.onnx), "L" if spec.channels == 1 else "RGB"
        part = spec.model_copy(update={"middle": min(1.0, spec.middle / canvas.middle)})

        def crop(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
            image = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)
            image = image.convert(mode)
            if own is None or locator is None:
                shown = fit(image, part)
            else:
                shown = cut_input(image, square_of(canvas, locator), spec, own)
            return np.asarray(shown).reshape(spec.height, spec.width, spec.channels)

        return lambda canvases: _both_ways(encoder, np.stack([crop(each) for each in canvases]))

    def _decoded(
        self, images: ImageSet, locator: Locator | None
    ) -> Iterator[tuple[list[str], NDArray[np.uint8]]]:
        """Yield names and pixels of the images in which something is located, in chunks."""
        for begin in range(0, len(images), _CHUNK):
            chunk = replace(images, images=images.images[begin : begin + _CHUNK])
            try:
                decoded = decode(chunk, self.bundle.manifest.input, locator, Pick.CENTRAL)
            except DataError:  # Nothing is located in any of them.
                continue
            yield [image.name for image in decoded.source], decoded.pixels


def adopted_teacher(bundle: Bundle) -> AdoptedTeacher:
    """Return an adopted bundle as a teacher.

    Raises:
        WeightsError: It is no encoder whose energy is L2.
    """
    manifest = bundle.manifest
    if manifest.kind is not Kind.ENCODER or manifest.metric is not Metric.L2:
        raise WeightsError(
            f"{bundle.folder} is of kind {manifest.kind} and metric {manifest.metric}; an adopted "
            "teacher is an encoder whose metric is l2"
        )
    return AdoptedTeacher(bundle)


def _both_ways(encoder: OnnxEncoder, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Embed images, (N, H, W, C), each as the mean of itself and its mirror image, of length 1."""
    mirrored = np.ascontiguousarray(pixels[:, :, ::-1])
    return _unit(_unit(encoder.embed(pixels)) + _unit(encoder.embed(mirrored)))


def _unit(embeddings: NDArray[Any]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    result: NDArray[np.float32] = embeddings / np.maximum(lengths, np.finfo(np.float32).tiny)
    return result
