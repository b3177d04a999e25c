"""A small residual encoder (He et al. 2016) with the head of face networks.

Its blocks are the improved ones of ArcFace (Deng et al. 2019, section 3.1), or plain ones, which
train and run in about half the time. The head flattens the last map instead of averaging it: faces
are roughly aligned, so position is informative. The embedding has length 1, so its L2 energy lies
between 0 and 2.
"""

from typing import Literal

from torch import Tensor, nn

from model.manifest import InputSpec
from training.networks._local_contrast import LocalContrast


class ResidualBlock(nn.Module):
    """A body beside a shortcut, added without an activation after it."""

    def __init__(self, body: nn.Module, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = body
        self.shortcut = nn.Sequential()
        if inputs != outputs or stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        result: Tensor = self.body(maps) + self.shortcut(maps)
        return result


def _improved(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Build BN-Conv-BN-PReLU-Conv-BN."""
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.PReLU(outputs),
        nn.Conv2d(outputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
    )


def _plain(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Build Conv-BN-ReLU-Conv-BN, whose norms and activations a runtime fuses with convolutions."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
    )


_BODIES = {"improved": _improved, "plain": _plain}


class ResidualEncoder(nn.Module):
    """G_W: float32 (N, channels, height, width) in -1 … 1 to unit vectors (N, dim)."""

    def __init__(self, stem: nn.Module, body: nn.Module, head: nn.Module, dim: int) -> None:
        super().__init__()
        self.stem, self.body, self.head, self.dim = stem, body, head, dim

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, channels, height, width) to (N, dim), each row of length 1."""
        embeddings: Tensor = self.head(self.body(self.stem(images)))
        return nn.functional.normalize(embeddings.float(), dim=1)


def build(  # noqa: PLR0913 (the shape of a network)
    spec: InputSpec,
    *,
    widths: tuple[int, ...] = (32, 64, 128, 192),
    depths: tuple[int, ...] = (1, 2, 2, 1),
    strides: tuple[int, ...] = (2, 2, 2, 1),
    stem_stride: int = 2,
    squeeze: int = 64,
    dim: int = 128,
    dropout: float = 0.3,
    blocks: Literal["improved", "plain"] = "improved",
    contrast: Literal["none", "local", "both"] = "none",
) -> ResidualEncoder:
    """Build the network `residual`.

    Args:
        spec: The bundle's input.
        widths: Maps of each stage.
        depths: Blocks of each stage.
        strides: Stride of each stage.
        stem_stride: Stride of the first convolution.
        squeeze: Maps before they are flattened.
        dim: Length of the embedding.
        dropout: Share of the flattened map that is dropped in training.
        blocks: `improved`: BN-Conv-BN-PReLU-Conv-BN; `plain`: Conv-BN-ReLU-Conv-BN.
        contrast: What the first convolution reads: the image, its local contrast, or both.

    Raises:
        ValueError: Widths, depths and strides of different numbers of stages, or unknown blocks or
            contrast.
    """
    if blocks not in _BODIES:
        raise ValueError(f"there are no blocks {blocks}; there are: {', '.join(_BODIES)}")
    if not len(widths) == len(depths) == len(strides):
        raise ValueError("widths, depths and strides must name the same stages")
    stem = _stem(spec, widths[0], stem_stride, contrast)
    stages = _stages(widths, depths, strides, blocks)
    height, width = spec.height, spec.width
    for stride in (stem_stride, *strides):  # Each rounds the size of its maps up.
        height, width = -(-height // stride), -(-width // stride)
    head = _head(widths[-1], squeeze, height * width, dim, dropout)
    return ResidualEncoder(stem, stages, head, dim)


def _stem(spec: InputSpec, width: int, stride: int, contrast: str) -> nn.Sequential:
    """Layers from the image to the first maps."""
    if contrast not in {"none", "local", "both"}:
        raise ValueError(f"there is no contrast {contrast}; there are: none, local, both")
    inputs = spec.channels * (2 if contrast == "both" else 1)
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.PReLU(width),
    ]
    if contrast != "none":
        cell = max(1, min(spec.height, spec.width) // 16)
        layers.insert(0, LocalContrast(cell, keep=contrast == "both"))
    return nn.Sequential(*layers)


def _head(maps: int, squeeze: int, area: int, dim: int, dropout: float) -> nn.Sequential:
    """Layers from the last stage's maps to the embedding."""
    return nn.Sequential(
        nn.BatchNorm2d(maps),
        nn.Conv2d(maps, squeeze, 1, bias=False),
        nn.BatchNorm2d(squeeze),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(squeeze * area, dim, bias=False),
        nn.BatchNorm1d(dim),
    )


def _stages(
    widths: tuple[int, ...], depths: tuple[int, ...], strides: tuple[int, ...], blocks: str
) -> nn.Module:
    stages, inputs = list[nn.Module](), widths[0]
    for outputs, depth, stride in zip(widths, depths, strides, strict=True):
        for step in (stride, *[1] * (depth - 1)):
            body = _BODIES[blocks](inputs, outputs, step)
            stages.append(ResidualBlock(body, inputs, outputs, step))
            inputs = outputs
    return nn.Sequential(*stages)
