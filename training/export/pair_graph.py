"""Export of a PyTorch network of pairs as an ONNX graph, and the check that both agree.

The graph takes `images1` and `images2`, uint8 (N, H, W, C), and returns the energies, float32 (N,),
each the mean over both orders of its pair.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from model.golden import TOLERANCE, golden_pairs
from model.manifest import Golden, InputSpec
from training.export.onnx_graph import difference, export_graph
from training.fit.divergence import check_energies
from training.inference.onnx_runtime import OnnxScorer
from training.inference.pytorch import score
from training.networks._pair import PairNetwork
from training.serving_graph.normalise import ServedPair


def checked_pair_graph(network: PairNetwork, spec: InputSpec, images: NDArray[np.uint8]) -> bytes:
    """Export a network of pairs, and compare PyTorch and ONNX Runtime on real pairs.

    Args:
        network: E_W.
        spec: The bundle's input.
        images: Real images, uint8 (N, H, W, C). Each is compared with itself, its neighbour and the
            image half a set away, so that there are both genuine and impostor pairs.

    Raises:
        ExportError: The two differ by more than `training.export.onnx_graph.AGREEMENT`.
        CollapsedError: Every pair gets nearly the same energy.
    """
    neighbours, others = np.roll(images, 1, axis=0), np.roll(images, len(images) // 2, axis=0)
    left, right = np.tile(images, (3, 1, 1, 1)), np.concatenate([images, neighbours, others])
    expected = score(network.cpu(), left, right, torch.device("cpu"))
    check_energies(expected)
    graph = export_graph(ServedPair(network), spec, ["images1", "images2"], "energies")
    difference(OnnxScorer(graph).score(left, right), expected)
    return graph


def golden_energies(graph: bytes, spec: InputSpec) -> Golden:
    """Run the graph on the golden pairs; the service repeats this as its self-check."""
    energies = OnnxScorer(graph).score(*golden_pairs(spec))
    return Golden(formula="ramp-1-pairs", embedding=tuple(energies.tolist()), tolerance=TOLERANCE)
