"""Fully connected layers on the flattened pixels, as [512, bits] of Norouzi et al. 2012, section 5.

ReLU between the layers; the last is linear, so that its signs can be a code. A final batch
normalisation is optional: once trained it is one scale and one shift for each bit, so the network
is still the paper's.
"""

from itertools import pairwise

from torch import Tensor, nn

from model.manifest import InputSpec
from training.networks._code import final_norm


class Perceptron(nn.Module):
    """G_W: float32 (N, channels, height, width) in -1 … 1 to (N, dim)."""

    def __init__(self, sizes: tuple[int, ...], spread: float | None) -> None:
        super().__init__()
        self.dim = sizes[-1]
        linear = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
        between = [layer for first in linear[:-1] for layer in (first, nn.ReLU())]
        last = final_norm(self.dim, spread)
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
    """Build the network `mlp`.

    Args:
        spec: The bundle's input.
        hidden: Units of each hidden layer.
        dim: Length of the embedding; bits of a code.
        spread: See `training.networks._code.final_norm`.

    Raises:
        ValueError: A layer without units, or a spread that is not positive.
    """
    sizes = (spec.channels * spec.height * spec.width, *hidden, dim)
    if min(sizes) < 1:
        raise ValueError("every layer needs at least one unit")
    return Perceptron(sizes, spread)
