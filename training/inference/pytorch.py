"""Inference in PyTorch: embeddings of many images, energies of many pairs."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.networks._pair import PairNetwork
from training.serving_graph.normalise import ServedEncoder, ServedPair

CPU = torch.device("cpu")
_BATCH = 256
_PAIRS_BATCH = 128


def embed(
    encoder: nn.Module, pixels: NDArray[np.uint8], device: torch.device = CPU
) -> NDArray[np.float32]:
    """Embed images, uint8 (images, H, W, C), as the bundle's graph would: float32, (images, dim).

    The encoder G_W is on `device`, and runs in evaluation mode; its mode is restored.
    """
    return _run(encoder, ServedEncoder(encoder), device, _BATCH, pixels)


def score(
    network: PairNetwork,
    images1: NDArray[np.uint8],
    images2: NDArray[np.uint8],
    device: torch.device = CPU,
) -> NDArray[np.float32]:
    """Energies of image pairs, uint8 (pairs, H, W, C), as of the bundle's graph: float32, (pairs,).

    The network E_W is on `device`, and runs in evaluation mode; its mode is restored.
    """
    return _run(network, ServedPair(network), device, _PAIRS_BATCH, images1, images2)


def _run(
    network: nn.Module,
    served: nn.Module,
    device: torch.device,
    batch: int,
    *images: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """Run a network as it is served, batch by batch; its mode is restored."""
    training = network.training
    served.eval()
    with torch.no_grad():
        batches = [
            served(*(torch.from_numpy(rows[i : i + batch]).to(device) for rows in images)).cpu()
            for i in range(0, len(images[0]), batch)
        ]
    network.train(training)
    answers: NDArray[np.float32] = torch.cat(batches).numpy()
    return answers
