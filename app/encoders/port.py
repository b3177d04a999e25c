"""The ports: what the service asks of anything that encodes images, or compares two."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """G_W: images to embeddings. Safe to call from several threads at once."""

    @property
    def provider(self) -> str:
        """What runs it, for people: `CPU` or `CUDA`."""
        ...

    def embed(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """Encode a batch.

        Args:
            images: uint8, shape (n, height, width, channels).

        Returns:
            float32 (n, dim), or uint8 (n, dim) of packed bits from a bundle of codes.

        Raises:
            EncodingError: The answer holds a number that is not finite.
        """
        ...


class PairScorer(Protocol):
    """E_W: pairs of images to energies. Safe to call from several threads at once."""

    @property
    def provider(self) -> str:
        """What runs it, for people: `CPU` or `CUDA`."""
        ...

    def score(self, images1: NDArray[np.uint8], images2: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compare pairs.

        Args:
            images1: uint8, shape (n, height, width, channels).
            images2: Of the same shape.

        Returns:
            The energies, float32 (n,); small means same.

        Raises:
            EncodingError: The answer holds a number that is not finite.
        """
        ...
