"""Binary codes: the signs of a network's activations, packed as the service sends them.

A bit is 1 where its activation is above 0. Eight bits make a byte, the first one its highest bit
(the order of `numpy.packbits`), in PyTorch, in the graph and in `model.scoring`'s Hamming energy.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.manifest import Metric
from model.scoring import Vectors

BITS_OF_A_BYTE = 8

Activations = NDArray[np.float32]


def pack(activations: Activations) -> NDArray[np.uint8]:
    """Pack activations, (N, bits), into bits, uint8 (N, bits / 8)."""
    return np.packbits(activations > 0, axis=1)


def as_compared(outputs: Activations, metric: Metric) -> Vectors:
    """Return what the metric compares: the outputs themselves, (N, dim), or their packed bits."""
    return pack(outputs) if metric is Metric.HAMMING else outputs


def as_spread(outputs: Activations, metric: Metric) -> Activations:
    """Return numbers that differ where the metric differs: the outputs, or signs -1 and 1.

    Activations, (N, bits), can vary widely while every image has the same signs.
    """
    if metric is not Metric.HAMMING:
        return outputs
    return np.where(outputs > 0, np.float32(1), np.float32(-1))


def undecided(activations: Activations, tolerance: float) -> NDArray[np.bool_]:
    """Mark the bits that rounding may flip, (N, bits): those with an activation near 0.

    The tolerance is relative to the largest magnitude of all activations.
    """
    near: NDArray[np.bool_] = np.abs(activations) <= tolerance * np.abs(activations).max()
    return near


class PackedCodes(nn.Module):
    """Served encoder followed by sign and packing: uint8 images in, packed bits out."""

    places: Tensor

    def __init__(self, served: nn.Module) -> None:
        super().__init__()
        self.served = served
        values = [2.0**place for place in reversed(range(BITS_OF_A_BYTE))]
        self.register_buffer("places", torch.tensor(values))

    def forward(self, images: Tensor) -> Tensor:
        """Compute codes, uint8 (N, bits / 8), of images, uint8 (N, H, W, C)."""
        bits = (self.served(images) > 0).to(torch.float32)
        octets = bits.unflatten(1, (-1, BITS_OF_A_BYTE))
        # Sums of at most 255: exact in float32, which every runtime can multiply.
        packed: Tensor = (octets * self.places).sum(dim=2)
        return packed.to(torch.uint8)
