"""Batches of a training, drawn by seed.

No random state is carried from step to step: the order of an epoch and the augmentation of a batch
come from generators seeded by (seed, epoch, step). A resumed run thus draws the same batches.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import registry
from training.config.schema import TrainingConfig
from training.data.decoding import DecodedImages
from training.fit.distributed import World
from training.registry import Part
from training.serving_graph.normalise import scale
from training.transfer.mixtures import Mixtures


class Batch(NamedTuple):
    """Images of one step.

    Attributes:
        images: This process's share, augmented and scaled: float, (share, C, H, W).
        identities: Of the whole batch, (batch,).
        rows: Of the whole batch in the training images, (batch,), and then of its mixtures, which
            are counted on after the images, (batch,).
        mixtures: Number of the last `images` that are mixtures and have no identity.
    """

    images: Tensor
    identities: Tensor
    rows: Tensor
    mixtures: int = 0

    def pieces(self, count: int) -> Iterator["Batch"]:
        """Divide the batch into equal parts; one with mixtures is taken as a whole."""
        if count == 1:
            return iter([self])
        parts = (part.chunk(count) for part in (self.images, self.identities, self.rows))
        return map(Batch, *parts)


class Batches:
    """Seeded order and augmentation of the training images, and this process's share of them."""

    def __init__(
        self,
        config: TrainingConfig,
        images: DecodedImages,
        device: torch.device,
        world: World,
        mixtures: Mixtures | None = None,
    ) -> None:
        self._seed, self._size = config.seed, (config.input.height, config.input.width)
        self._batch_size = config.optimisation.batch_size
        self._device, self._world = device, world
        self._canvases = _place(images.pixels, device)
        self._augment = registry.build(Part.AUGMENTATION, config.augmentation)
        self.labels = images.source.labels()  # Identity of each training image, (images,).
        self._sampler = registry.build(
            Part.SAMPLER, config.sampler, pairs=images.source.listed_rows()
        )
        self._mixtures = mixtures
        self.steps = len(self.order(0))  # Number of batches in an epoch.

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Draw the indices of each step's images, (steps, batch)."""
        rng = np.random.default_rng([self._seed, epoch])
        order: NDArray[np.int64] = self._sampler.epoch(self.labels, self._batch_size, rng)
        return order

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield each step's batch."""
        rank = (self._world.rank,) if self._world.rank else ()
        for step, indices in enumerate(self.order(epoch)):
            generator = torch.Generator().manual_seed(seed_of(self._seed, epoch, step, *rank))
            rows = self._world.share(torch.from_numpy(indices)).to(self._canvases.device)
            mixed = self._mixed(epoch, step, len(indices))
            mixtures = self._mixtures_of(self._world.share(mixed))
            images = self._images(torch.cat([self._canvases[rows], mixtures]), generator)
            yield Batch(
                images.contiguous(memory_format=torch.channels_last),
                torch.from_numpy(self.labels[indices]).to(self._device),
                torch.cat([torch.from_numpy(indices), mixed + len(self.labels)]).to(self._device),
                len(mixtures),
            )

    def all_images(self) -> Iterator[Tensor]:
        """Yield every training image once, in its order, augmented and scaled, in batches."""
        generator = torch.Generator().manual_seed(self._seed)
        for canvases in torch.split(self._canvases, self._batch_size):
            yield self._images(canvases, generator)

    def _mixed(self, epoch: int, step: int, count: int) -> Tensor:
        """Draw the mixtures of a step: `count` of them, or none where there are none."""
        if self._mixtures is None:
            return torch.empty(0, dtype=torch.int64)
        rng = np.random.default_rng([self._seed, epoch, step])
        return torch.from_numpy(rng.integers(len(self._mixtures), size=count))

    def _mixtures_of(self, rows: Tensor) -> Tensor:
        """Canvases of mixtures, uint8 (rows, H, W, C)."""
        if self._mixtures is None:
            return self._canvases[:0]
        return self._mixtures.pixels(self._canvases, rows.numpy())

    def _images(self, canvases: Tensor, generator: torch.Generator) -> Tensor:
        return scale(self._augment(canvases.to(self._device), self._size, generator))


def seed_of(*parts: int) -> int:
    """Derive one seed from several numbers."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _place(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Put the images on the GPU if they take less than half of its free memory."""
    canvases = torch.from_numpy(pixels)
    if device.type == "cuda" and pixels.nbytes < torch.cuda.mem_get_info(device)[0] // 2:
        return canvases.to(device)
    return canvases
