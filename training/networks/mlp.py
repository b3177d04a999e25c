"""Fully connected layers on the flattened pixels, as [512, bits] of Norouzi et al. 2012, section 5.

ReLU between the layers; the last is linear, so that its signs can be a code. Batch normalisation
(Ioffe, Szegedy 2015) after it starts a code well: without it the activations of all images begin
with the same signs, and the loss of codes hardly moves them apart. Once trained it is one scale and
one shift for each bit, so the network is still the paper's.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from model.manifest import InputSpec


class Perceptron(nn.Module):
    """G_W: float32 (N, channels, height, width) in -1 … 1 to (N, dim)."""

    def __init__(self, sizes: tuple[int, ...], spread: float | None) -> None:
        super().__init__()
        self.dim = sizes[-1]
        linear = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
        between = [layer for first in linear[:-1] for layer in (first, nn.ReLU())]
        last = [] if spread is None else [spreading(self.dim, spread)]
        self.layers = nn.Sequential(nn.Flatten(), *between, linear[-1], *last)

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, channels, height, width) to (N, dim)."""
        embeddings: Tensor = self.layers(images)
        return embeddings


def build(
    spec: InputSpec,
    *,
    hidden: tuple[int, ...] = (512,),
    dim: int = 64,
    spread: float | None = None,
) -> Perceptron:
    """The network `mlp`.

    Args:
        spec: The bundle's input.
        hidden: Units of each hidden layer.
        dim: Length of the embedding; the bits, where it is a code.
        spread: Where batch normalisation comes last, the standard deviation that each activation
            begins with, positive; None for no such layer.

    Raises:
        ValueError: A layer without units, or a spread that is not positive.
    """
    sizes = (spec.channels * spec.height * spec.width, *hidden, dim)
    if min(sizes) < 1:
        raise ValueError("every layer needs at least one unit")
    return Perceptron(sizes, spread)


def spreading(dim: int, spread: float) -> nn.BatchNorm1d:
    """Batch normalisation whose scale, learnt like any other's, begins at `spread`.

    Raises:
        ValueError: `spread` is not positive.
    """
    if not spread > 0:
        raise ValueError("the spread of activations must be positive")
    layer = nn.BatchNorm1d(dim)
    nn.init.constant_(layer.weight, spread)
    return layer
