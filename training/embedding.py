"""Embeddings of many images by a PyTorch encoder."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.pixels import ServedEncoder

_BATCH = 256


def embed(
    encoder: nn.Module, pixels: NDArray[np.uint8], device: torch.device
) -> NDArray[np.float32]:
    """Embed images as the bundle's graph would, in evaluation mode.

    Args:
        encoder: G_W; its mode is left as it was.
        pixels: uint8, (images, H, W, C).
        device: Where the encoder is.

    Returns:
        float32, (images, dim).
    """
    training = encoder.training
    served = ServedEncoder(encoder).eval()
    with torch.no_grad():
        batches = [
            served(torch.from_numpy(pixels[i : i + _BATCH]).to(device)).cpu().numpy()
            for i in range(0, len(pixels), _BATCH)
        ]
    encoder.train(training)
    return np.concatenate(batches)
