"""A small convolutional network, for digits of 28 × 28 pixels or for images of 64 × 64.

Stages of Conv 3 × 3 - BN - ReLU, each with a 2 × 2 max-pooling before its last ReLU, then one
linear layer over the flattened maps. Batch normalisation is that of Ioffe and Szegedy 2015.
"""

from torch import Tensor, nn

from model.manifest import InputSpec
from training.networks._code import final_norm


class ConvNet(nn.Module):
    """G_W: float32 (N, channels, height, width) in -1 … 1 to (N, dim)."""

    def __init__(self, features: nn.Module, head: nn.Module, dim: int, *, unit: bool) -> None:
        super().__init__()
        self.features, self.head, self.dim, self.unit = features, head, dim, unit

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, channels, height, width) to (N, dim)."""
        embeddings: Tensor = self.head(self.features(images))
        return nn.functional.normalize(embeddings.float(), dim=1) if self.unit else embeddings


def build(  # noqa: PLR0913 (the shape of a network)
    spec: InputSpec,
    *,
    widths: tuple[int, ...] = (24, 48, 96),
    depths: tuple[int, ...] = (1, 2, 1),
    dim: int = 64,
    dropout: float = 0.2,
    spread: float | None = None,
    pool: int | None = None,
    unit: bool = False,
) -> ConvNet:
    """Build the network `convnet`.

    Args:
        spec: The bundle's input.
        widths: Maps of each stage.
        depths: Convolutions of each stage.
        dim: Length of the embedding; bits of a code.
        dropout: Share of the flattened maps that is dropped in training.
        spread: See `training.networks._code.final_norm`.
        pool: Side of the maps before the linear layer, to which larger ones are averaged.
        unit: Scale each embedding to length 1.

    Raises:
        ValueError: Widths and depths of different numbers of stages, or more stages than the
            input's sides can be halved.
    """
    if len(widths) != len(depths) or not widths or min(*widths, *depths) < 1:
        raise ValueError("widths and depths must name the same stages, each of at least 1")
    height, width = (side // 2 ** len(widths) for side in (spec.height, spec.width))
    if not height or not width:
        raise ValueError(f"{len(widths)} stages halve an input of this size to nothing")
    layers = _stages(spec.channels, widths, depths)
    if pool is not None:
        layers.append(nn.AdaptiveAvgPool2d(pool))
        height = width = pool
    last = final_norm(dim, spread)
    head = nn.Sequential(
        nn.Flatten(), nn.Dropout(dropout), nn.Linear(widths[-1] * height * width, dim), *last
    )
    return ConvNet(nn.Sequential(*layers), head, dim, unit=unit)


def _stages(inputs: int, widths: tuple[int, ...], depths: tuple[int, ...]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for outputs, depth in zip(widths, depths, strict=True):
        for _ in range(depth):
            layers += [*_convolution(inputs, outputs), nn.ReLU()]
            inputs = outputs
        # ReLU and max-pooling can change places: a quarter of the values is left to the ReLU.
        layers.insert(-1, nn.MaxPool2d(2))
    return layers


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outputs)
