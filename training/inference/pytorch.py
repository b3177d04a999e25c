"""Inference in PyTorch: embeddings of many images, energies of many pairs."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.networks._pair import PairNetwork
from training.serving_graph.normalise import ServedEncoder, ServedPair

_BATCH = 256
_PAIRS_BATCH = 128


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


def score(
    network: PairNetwork,
    images1: NDArray[np.uint8],
    images2: NDArray[np.uint8],
    device: torch.device,
) -> NDArray[np.float32]:
    """Compare pairs as the bundle's graph would, in evaluation mode.

    Args:
        network: E_W; its mode is left as it was.
        images1: uint8, (pairs, H, W, C).
        images2: Of the same shape.
        device: Where the network is.

    Returns:
        The energies, float32, (pairs,).
    """
    training = network.training
    served = ServedPair(network).eval()
    with torch.no_grad():
        batches = [
            served(
                torch.from_numpy(images1[i : i + _PAIRS_BATCH]).to(device),
                torch.from_numpy(images2[i : i + _PAIRS_BATCH]).to(device),
            )
            for i in range(0, len(images1), _PAIRS_BATCH)
        ]
    network.train(training)
    energies: NDArray[np.float32] = torch.cat(batches).cpu().numpy()
    return energies
