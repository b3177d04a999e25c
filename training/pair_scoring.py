"""Energies of many pairs by a PyTorch network of pairs."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.pair_network import PairNetwork
from training.pixels import ServedPair

_BATCH = 128


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
                torch.from_numpy(images1[i : i + _BATCH]).to(device),
                torch.from_numpy(images2[i : i + _BATCH]).to(device),
            )
            for i in range(0, len(images1), _BATCH)
        ]
    network.train(training)
    energies: NDArray[np.float32] = torch.cat(batches).cpu().numpy()
    return energies
