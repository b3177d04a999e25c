"""The margin loss of Hadsell, Chopra, LeCun 2006 ("DrLIM"), equation 4.

    L(W, Y, X1, X2) = (1 - Y) · ½ E² + Y · ½ max(0, m - E)²

with Y = 0 for a genuine and 1 for an impostor pair, E the L2 energy and m the margin: an impostor
pair further apart than m costs nothing.
"""

from typing import Literal

import torch
from torch import Tensor, nn

_MIN_SQUARE = 1e-12
"""Lower bound under the root, whose gradient at an energy of 0 is not a number."""


class MarginLoss(nn.Module):
    """The paper's loss over pairs of a batch.

    Args:
        margin: m, positive, in the units of the energy.
        pairs: `consecutive`: images 2k and 2k + 1 are a pair, as in the paper and from the sampler
            `balanced_pairs`. `all`: every two images of the batch, with equal total weights of
            genuine and impostor pairs; the same embeddings give many more pairs.

    Raises:
        ValueError: The margin is not positive, or `pairs` is neither of the two.
    """

    def __init__(
        self, margin: float = 1.0, pairs: Literal["consecutive", "all"] = "consecutive"
    ) -> None:
        super().__init__()
        if not margin > 0:
            raise ValueError("the margin must be positive")
        if pairs not in {"consecutive", "all"}:
            raise ValueError(f"pairs are `consecutive` or `all`, not {pairs!r}")
        self.margin, self.pairs = margin, pairs
        self.reads_pairs = pairs == "consecutive"

    def forward(self, embeddings: Tensor, identities: Tensor) -> Tensor:
        """Mean loss of a batch: embeddings (N, dim) and identities (N,) to a scalar."""
        left, right = self._indices(len(embeddings), embeddings.device)
        squared = (embeddings[left] - embeddings[right]).square().sum(dim=1)
        impostor = identities[left] != identities[right]
        apart = squared.clamp(min=_MIN_SQUARE).sqrt()
        pull, push = squared / 2, (self.margin - apart).clamp(min=0).square() / 2
        if self.pairs == "consecutive":
            return torch.where(impostor, push, pull).mean()
        return (_mean(pull, ~impostor) + _mean(push, impostor)) / 2

    def _indices(self, images: int, device: torch.device) -> tuple[Tensor, Tensor]:
        if self.pairs == "consecutive":
            first = torch.arange(0, images, 2, device=device)
            return first, first + 1
        left, right = torch.triu_indices(images, images, offset=1, device=device)
        return left, right


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean of the chosen values, 0 if there are none."""
    return (values * chosen).sum() / chosen.sum().clamp(min=1)


build = MarginLoss
