"""Layers of the networks of pairs (Zagoruyko, Komodakis 2015): branches and a decision.

All four networks have the same budget: 125,000 parameters within 3 % for an input of 32 × 32 grey
pixels, and at most 5 million multiplications for a pair. `siam`, whose weights are used twice, has
twice the multiplications rather than half the weights.

    network                  branches of width   decision   parameters   multiplications
    two_channel              one of 32           128        125,121      2.5 M
    two_channel_two_stream   two of 22           96         123,305      2.6 M
    siam                     one of 32           64         124,193      4.6 M
    pseudo_siam              two of 22           96         122,205      2.3 M

The kinds of layers are the paper's (three convolutions with pooling, a decision of one hidden
layer), their sizes are smaller; the batch normalisation is not in the paper.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from model.manifest import InputSpec

_LAST_MAPS = 3
"""Maps of a branch's last convolution, as a multiple of its width."""

_MIN_SIDE = 32
"""Minimum side of an input, in pixels: the two-stream network halves it four times."""


class PairNetwork(nn.Module, ABC):
    """E_W: two images to their energy, small for a genuine pair.

    The energy is the paper's output with the opposite sign, so that a hinge of margin 1 puts
    genuine pairs below -1 and impostor pairs above 1. It may differ between (a, b) and (b, a): a
    bundle's graph gives the mean of the two (see `training.serving_graph.normalise.ServedPair`).

    Args:
        spec: The bundle's input.
        width: Maps of the first convolution of each branch.
        hidden: Units of the decision's hidden layer.

    Raises:
        ValueError: An input under 32 × 32 pixels.
    """

    dim = 1
    """Numbers in an output, as an encoder's `dim`."""

    def __init__(self, spec: InputSpec) -> None:
        super().__init__()
        if min(spec.height, spec.width) < _MIN_SIDE:
            raise ValueError(f"networks of pairs need at least {_MIN_SIDE} x {_MIN_SIDE} pixels")

    @abstractmethod
    def forward(self, image1: Tensor, image2: Tensor) -> Tensor:
        """Compare pairs: two of float32 (N, C, H, W) in -1 … 1 to energies (N,)."""


def branch(channels: int, width: int, *, stride: int = 2) -> nn.Sequential:
    """Build convolutions of 5, 3 and 3, each followed by a pooling that halves its maps.

    The first has `width` maps and the stride; the others have two and three times as many maps.
    """
    return nn.Sequential(
        *_convolution(channels, width, 5, stride),
        *_convolution(width, 2 * width, 3, 1),
        *_convolution(2 * width, _LAST_MAPS * width, 3, 1),
        nn.Flatten(),
    )


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]


def decision(features: int, hidden: int) -> nn.Sequential:
    """Build the layers from the branches' features, (N, features), to energies, (N, 1)."""
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, 1))


def features_of(part: nn.Module, channels: int, height: int, width: int) -> int:
    """Count the features that a new branch gives for an input of that size."""
    part.eval()  # Statistics of batch normalisations stay as they are.
    with torch.no_grad():
        count = int(part(torch.zeros(1, channels, height, width)).shape[1])
    part.train()
    return count
