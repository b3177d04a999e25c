"""Mixtures of two training images, of which a teacher can tell more than labels can.

A mixture is the weighted mean of two aligned images of two identities (as in mixup: Zhang et al.
2018). It shows nobody, and so it has no label; but a teacher embeds it as any image, and a student
that agrees with its teacher on mixtures too agrees on more than the few images that are at hand
(function matching: Beyer et al. 2022, section 3.1).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.locating.squares import Located
from model.manifest import InputSpec
from model.schema.locator import LocatorSpec

_SHARES = (0.3, 0.7)
"""Least and greatest weight of the first image."""


@dataclass(frozen=True)
class Mixtures:
    """Mixtures of some images.

    Attributes:
        first: Row of the first image of each mixture, (mixtures,).
        second: Row of the second, whose identity is another, (mixtures,).
        shares: Weight of the first, float32, (mixtures,).
        mirrored: True where the second is mirrored left to right, (mixtures,).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shares: NDArray[np.float32]
    mirrored: NDArray[np.bool_]

    @classmethod
    def draw(cls, labels: NDArray[np.int64], per_image: int, seed: int) -> Self:
        """Draw mixtures by seed: each image is the first of `per_image` ones.

        Args:
            labels: Identity of each image, (images,); there are at least two identities.
            per_image: Mixtures for each image.
            seed: Of the draw.
        """
        rng = np.random.default_rng([seed, per_image])
        first = np.concatenate([rng.permutation(len(labels)) for _ in range(per_image)])
        return cls(
            first,
            _of_others(labels, first, rng),
            rng.uniform(*_SHARES, len(first)).astype(np.float32),
            rng.random(len(first)) < 0.5,  # noqa: PLR2004 (a half)
        )

    def __len__(self) -> int:
        """Return the number of mixtures."""
        return len(self.first)

    def pixels(self, images: Tensor, chosen: NDArray[np.int64]) -> Tensor:
        """Return chosen mixtures, (n,), of images, uint8 (images, H, W, C): uint8 (n, H, W, C)."""
        one, other = (images[torch.from_numpy(rows[chosen])] for rows in (self.first, self.second))
        shares, mirrored = (
            torch.from_numpy(numbers[chosen]).to(images.device)[:, None, None, None]
            for numbers in (self.shares, self.mirrored)
        )
        other = torch.where(mirrored, other.flip(2), other)
        return (shares * one + (1 - shares) * other).round().to(torch.uint8)


def square_of(canvas: InputSpec, locator: LocatorSpec) -> Located:
    """Return the square that a locator would give for a canvas, in the canvas's pixels.

    It is the one of which `cut_input` would cut the whole canvas.
    """
    half = canvas.width / 2 / (locator.scale * canvas.middle)
    right, down = (2 * half * share for share in locator.shift)
    return Located(1.0, canvas.width / 2 - right, canvas.height / 2 - down, half, 0.0)


def _of_others(
    labels: NDArray[np.int64], rows: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw for each row an image of another identity, all with the same probability."""
    order = np.argsort(labels, kind="stable")
    _, begins, identities, counts = np.unique(
        labels[order], return_index=True, return_inverse=True, return_counts=True
    )
    identity = np.empty_like(identities)
    identity[order] = identities
    begin, own = begins[identity[rows]], counts[identity[rows]]
    place = rng.integers(0, len(labels) - own)
    others: NDArray[np.int64] = order[np.where(place < begin, place, place + own)]
    return others
