"""Export of a PyTorch network as an ONNX graph, and the check that both agree."""

import logging
import warnings

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from model.manifest import InputSpec, Kind
from training.errors import ExportError
from training.fit.divergence import check_energies
from training.inference.binary_codes import PackedCodes, pack, undecided
from training.inference.onnx_runtime import OnnxEncoder, OnnxScorer
from training.inference.pytorch import embed, score
from training.networks._pair import PairNetwork
from training.serving_graph.normalise import ServedEncoder, ServedPair

OPSET = 18
"""The ONNX operator set of every exported graph."""

AGREEMENT = 1e-4
"""Largest allowed difference, relative to the answers' largest magnitude."""

MAX_UNDECIDED_SHARE = 0.01
"""Largest share of undecided bits, whose activations lie within `AGREEMENT` of 0."""


def to_onnx(network: nn.Module, spec: InputSpec, kind: Kind = Kind.ENCODER) -> bytes:
    """Export a network with its cast, transpose and scale: uint8 images in, (N, H, W, C).

    A graph of kind `encoder` returns `embeddings`, float32 (N, dim); one of kind `codes` packs
    their signs: uint8 (N, bits / 8). One of kind `pair` takes `images1` and `images2` and returns
    `energies`, float32 (N,), each the mean over both orders of its pair.

    Raises:
        ExportError: PyTorch's exporter returned no graph.
    """
    if kind is Kind.PAIR:
        return _export(ServedPair(network.cpu()), spec, ["images1", "images2"], "energies")
    served = ServedEncoder(network.cpu())
    graph = PackedCodes(served) if kind is Kind.CODES else served
    return _export(graph, spec, ["images"], "embeddings")


def _export(served: nn.Module, spec: InputSpec, inputs: list[str], output: str) -> bytes:
    """Export a module whose arguments, batches of uint8 images, are named like the inputs."""
    # Two images: with one, the exporter would fix the batch size to 1. A separate tensor for each
    # input: the exporter would merge inputs that share one.
    shape = (2, spec.height, spec.width, spec.channels)
    examples = tuple(torch.zeros(shape, dtype=torch.uint8) for _ in inputs)
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings():
        # The exporter's warnings are about its own internals, not about this graph.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            served.eval(),
            examples,
            input_names=inputs,
            output_names=[output],
            opset_version=OPSET,
            dynamic_shapes={name: {0: batch} for name in inputs},
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ExportError("PyTorch's exporter returned no graph")
    return without_metadata(program.model_proto)


def without_metadata(model: onnx.ModelProto) -> bytes:
    """Serialise a graph without the exporter's notes, which hold paths of the training machine."""
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        value.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")
    model.ClearField("metadata_props")
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def check_agreement(encoder: nn.Module, graph: bytes, images: NDArray[np.uint8]) -> float:
    """Compare PyTorch and ONNX Runtime on real images.

    A graph of codes returns bits only. Activations that agree within `AGREEMENT` have the same
    sign, except where one lies within `AGREEMENT` of 0. Only those bits, called undecided, may
    differ, and only a small share may be undecided, or the comparison would prove nothing.

    Returns:
        The largest difference, relative to the embeddings' largest magnitude; for codes, the share
        of bits that differ.

    Raises:
        ExportError: The difference exceeds `AGREEMENT`, decided bits differ, or too many bits are
            undecided.
    """
    expected = embed(encoder, images)
    answer = OnnxEncoder(graph).embed(images)
    if answer.dtype == np.uint8:
        return _check_bits(expected, answer.astype(np.uint8))
    return difference(answer.astype(np.float32), expected)


def check_pair_agreement(network: PairNetwork, graph: bytes, images: NDArray[np.uint8]) -> None:
    """Compare PyTorch and ONNX Runtime on real pairs.

    Each image, uint8 (N, H, W, C), is compared with itself, its neighbour and the image half a set
    away, so that there are both genuine and impostor pairs.

    Raises:
        ExportError: The two differ by more than `AGREEMENT`.
        CollapsedError: Every pair gets nearly the same energy.
    """
    neighbours, others = np.roll(images, 1, axis=0), np.roll(images, len(images) // 2, axis=0)
    left, right = np.tile(images, (3, 1, 1, 1)), np.concatenate([images, neighbours, others])
    expected = score(network, left, right)
    check_energies(expected)
    difference(OnnxScorer(graph).score(left, right), expected)


def difference(answer: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the largest difference of two sets of answers, relative to the largest magnitude.

    Raises:
        ExportError: The difference exceeds `AGREEMENT`.
    """
    error = float(np.abs(answer - expected).max() / np.abs(expected).max())
    if not error <= AGREEMENT:
        raise ExportError(
            f"ONNX Runtime and PyTorch differ by {error:.2e} of the answers' scale, over "
            f"{AGREEMENT:.0e}: nothing was written"
        )
    return error


def _check_bits(activations: NDArray[np.float32], packed: NDArray[np.uint8]) -> float:
    """Compare the signs of activations, (N, bits), with packed bits, (N, bits / 8)."""
    free = undecided(activations, AGREEMENT)
    if not np.isfinite(activations).all() or free.mean() > MAX_UNDECIDED_SHARE:
        raise ExportError(
            f"{free.mean():.1%} of the code's bits have activations that are nearly 0, or not "
            "finite, so rounding decides them; nothing was written"
        )
    differs = np.unpackbits(np.bitwise_xor(pack(activations), packed), axis=1).astype(bool)
    if (wrong := differs & ~free).any():
        raise ExportError(
            f"ONNX Runtime and PyTorch differ in {wrong.sum()} bits whose activations are further "
            f"than {AGREEMENT:.0e} of the largest from 0: nothing was written"
        )
    return float(differs.mean())
