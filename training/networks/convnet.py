"""A small convolutional network for images of about 28 × 28 pixels, such as digits.

Stages of Conv 3 × 3 - BN - ReLU, each ended by a 2 × 2 maximum that halves its maps, then one
linear layer over what is left. Batch normalisation is that of Ioffe and Szegedy 2015.
"""

from __future__ import annotations

from torch import Tensor, nn

from model.manifest import InputSpec
from training.networks.mlp import spreading


class ConvNet(nn.Module):
    """G_W: float32 (N, channels, height, width) in -1 … 1 to (N, dim)."""

    def __init__(self, features: nn.Module, head: nn.Module, dim: int) -> None:
        super().__init__()
        self.features, self.head, self.dim = features, head, dim

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, channels, height, width) to (N, dim)."""
        embeddings: Tensor = self.head(self.features(images))
        return embeddings


def build(  # noqa: PLR0913 (the shape of a network)
    spec: InputSpec,
    *,
    widths: tuple[int, ...] = (24, 48, 96),
    depths: tuple[int, ...] = (1, 2, 1),
    dim: int = 64,
    dropout: float = 0.2,
    spread: float | None = None,
) -> ConvNet:
    """The network `convnet`.

    Args:
        spec: The bundle's input.
        widths: Maps of each stage.
        depths: Convolutions of each stage.
        dim: Length of the embedding; the bits, where it is a code.
        dropout: Share of the flattened maps that is dropped in training.
        spread: Where batch normalisation comes last, to start a code well, the standard deviation
            that each activation begins with; None for no such layer.

    Raises:
        ValueError: Stages of which widths and depths tell differently, or more than the input's
            sides can be halved.
    """
    if len(widths) != len(depths) or not widths or min(*widths, *depths) < 1:
        raise ValueError("widths and depths must name the same stages, each of at least 1")
    height, width = (side // 2 ** len(widths) for side in (spec.height, spec.width))
    if not height or not width:
        raise ValueError(f"{len(widths)} stages halve an input of this size to nothing")
    layers: list[nn.Module] = []
    inputs: int = spec.channels
    for outputs, depth in zip(widths, depths, strict=True):
        for _ in range(depth):
            layers += _convolution(inputs, outputs)
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    last = [] if spread is None else [spreading(dim, spread)]
    head = nn.Sequential(
        nn.Flatten(), nn.Dropout(dropout), nn.Linear(inputs * height * width, dim), *last
    )
    return ConvNet(nn.Sequential(*layers), head, dim)


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU()
