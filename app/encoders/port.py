"""Ports: the interfaces of an encoder of images and of a scorer of pairs."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """Encoder G_W from images to embeddings. Safe to call from several threads at once."""

    @property
    def provider(self) -> str:
        """Name of the device that runs it, for display: `CPU` or `CUDA`."""
        ...

    def embed(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """Embed a batch.

        Args:
            images: uint8, shape (n, height, width, channels).

        Returns:
            float32 (n, dim), or uint8 (n, dim) of packed bits from a bundle of codes.

        Raises:
            EncodingError: An output is not finite.
        """
        ...


class PairScorer(Protocol):
    """Scorer E_W from pairs of images to energies. Safe to call from several threads at once."""

    @property
    def provider(self) -> str:
        """Name of the device that runs it, for display: `CPU` or `CUDA`."""
        ...

    def score(self, images1: NDArray[np.uint8], images2: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Score pairs.

        Args:
            images1: The first images, uint8, shape (n, height, width, channels).
            images2: The second images, of the same shape.

        Returns:
            The energies, float32 (n,); small means same.

        Raises:
            EncodingError: An output is not finite.
        """
        ...
