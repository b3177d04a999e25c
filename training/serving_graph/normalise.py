"""Normalisation of pixels, the same in training and in the exported graph."""

import torch
from torch import Tensor, nn


def scale(pixels: Tensor) -> Tensor:
    """Scale 0 … 255 to -1 … 1; shape and dtype (float) are unchanged."""
    return pixels / 127.5 - 1


def to_channels_first(pixels: Tensor) -> Tensor:
    """Transpose uint8 (N, H, W, C) to float32 (N, C, H, W), still 0 … 255."""
    return pixels.permute(0, 3, 1, 2).to(torch.float32)


class ServedEncoder(nn.Module):
    """An encoder with the rest of the bundle's graph: uint8 in, embedding out.

    Cast, transpose and scale are inside, so that the service cannot do them differently.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> Tensor:
        """Embed uint8 images, (N, H, W, C), as float32, (N, dim)."""
        embeddings: Tensor = self.encoder(scale(to_channels_first(images)))
        return embeddings.to(torch.float32)


class ServedPair(nn.Module):
    """A network of pairs with the rest of the bundle's graph: uint8 in, energy out.

    Both orders are run and averaged, so that the energy does not depend on the order of the images.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images1: Tensor, images2: Tensor) -> Tensor:
        """Compare uint8 images, two of (N, H, W, C), to energies, float32 (N,)."""
        one, other = (scale(to_channels_first(images)) for images in (images1, images2))
        energies: Tensor = (self.network(one, other) + self.network(other, one)) / 2
        return energies.to(torch.float32)
