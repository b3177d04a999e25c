"""The network of Chopra, Hadsell, LeCun 2005, section 4.2: C1, S2, C3, S4, C5, F6.

For an input of 56 × 46 grey pixels: C1 15 maps, 7 × 7; S2 halves; C3 45 maps, 6 × 6; S4 subsamples
by 4 × 3; C5 250 units over the remaining 5 × 5; F6 the embedding, 50. As in the LeNets of that
time a subsampling layer averages, then scales and shifts each map by two learned numbers, and the
non-linearity is tanh. F6 is linear, since with a tanh the training loss stayed far higher. So the
energy has no hard upper bound Q; the loss supplies one in effect, since its push has fallen to 6 %
at E = Q.
"""

import torch
from torch import Tensor, nn

from model.manifest import InputSpec

_C1, _C3, _C5 = 15, 45, 250


class Subsampling(nn.Module):
    """Average over a field, then a learned scale and shift for each map, then tanh."""

    def __init__(self, maps: int, field: tuple[int, int]) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(field)
        self.scale = nn.Parameter(torch.ones(maps, 1, 1))
        self.shift = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """Subsample (N, maps, H, W) to (N, maps, H / field[0], W / field[1])."""
        pooled: Tensor = self.pool(maps)
        return torch.tanh(pooled * self.scale + self.shift)


class PartialConv(nn.Module):
    """A convolution in which each output map reads only some of the input maps.

    The paper's C3 is partially connected. The connections are our choice: output j reads `fan_in`
    input maps spaced evenly from map j on, cyclically, so that every input is read equally often
    and neighbouring outputs read different sets.
    """

    reads: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, fan_in: int) -> None:
        super().__init__()
        if not 1 <= fan_in <= inputs:
            raise ValueError(f"c3_inputs must lie between 1 and {inputs}")
        self.conv = nn.Conv2d(inputs, outputs, kernel)
        step = max(1, inputs // fan_in)
        reads = torch.zeros(outputs, inputs, 1, 1)
        for output in range(outputs):
            reads[output, (output + step * torch.arange(fan_in)) % inputs] = 1
        self.register_buffer("reads", reads)
        # Fewer inputs than the initialiser assumes: scale up to keep the output's variance.
        self.gain = (inputs / fan_in) ** 0.5

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve (N, inputs, H, W) to (N, outputs, H - kernel + 1, W - kernel + 1)."""
        weight = self.conv.weight * self.reads * self.gain
        return nn.functional.conv2d(maps, weight, self.conv.bias)


class Chopra2005(nn.Module):
    """G_W of the paper: float32 (N, 1, height, width) in -1 … 1 to (N, dim)."""

    def __init__(self, height: int, width: int, dim: int, c3_inputs: int) -> None:
        super().__init__()
        self.dim = dim
        self.features = nn.Sequential(
            nn.Conv2d(1, _C1, 7),
            nn.Tanh(),
            Subsampling(_C1, (2, 2)),
            PartialConv(_C1, _C3, 6, c3_inputs),
            nn.Tanh(),
            Subsampling(_C3, (4, 3)),
        )
        with torch.no_grad():
            rest = self.features(torch.zeros(1, 1, height, width)).shape[-2:]
        self.c5 = nn.Conv2d(_C3, _C5, tuple(rest))
        self.f6 = nn.Linear(_C5, dim)

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch: (N, 1, height, width) to (N, dim)."""
        c5 = torch.tanh(self.c5(self.features(images))).flatten(1)
        embeddings: Tensor = self.f6(c5)
        return embeddings


def build(spec: InputSpec, dim: int = 50, c3_inputs: int = 5) -> Chopra2005:
    """Build the network `chopra2005`, for grey images only.

    Raises:
        ValueError: A colour input, or one too small for the paper's layers.
    """
    if spec.channels != 1:
        raise ValueError("the 2005 network takes grey images; set the input's channels to 1")
    if spec.height < 30 or spec.width < 26:  # noqa: PLR2004 (what its layers consume)
        raise ValueError("the 2005 network needs at least 30 x 26 pixels")
    return Chopra2005(spec.height, spec.width, dim, c3_inputs)
