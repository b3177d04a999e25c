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

    def __init__(self, sizes: tuple[int, ...], *, normalised: bool) -> None:
        super().__init__()
        self.dim = sizes[-1]
        linear = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
        between = [layer for first in linear[:-1] for layer in (first, nn.ReLU())]
        last = [linear[-1], nn.BatchNorm1d(self.dim)] if normalised else [linear[-1]]
        self.layers = nn.Sequential(nn.Flatten(), *between, *last)

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, channels, height, width) to (N, dim)."""
        embeddings: Tensor = self.layers(images)
        return embeddings


def build(
    spec: InputSpec, *, hidden: tuple[int, ...] = (512,), dim: int = 64, normalised: bool = False
) -> Perceptron:
    """The network `mlp`.

    Args:
        spec: The bundle's input.
        hidden: Units of each hidden layer.
        dim: Length of the embedding; the bits, where it is a code.
        normalised: Whether batch normalisation comes last.

    Raises:
        ValueError: A layer without units.
    """
    sizes = (spec.channels * spec.height * spec.width, *hidden, dim)
    if min(sizes) < 1:
        raise ValueError("every layer needs at least one unit")
    return Perceptron(sizes, normalised=normalised)
