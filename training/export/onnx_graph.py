"""Export of a PyTorch encoder as an ONNX graph, and the check that both agree."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from model.manifest import InputSpec, Kind
from training.errors import ExportError
from training.inference.binary_codes import PackedCodes, pack, undecided
from training.inference.onnx_runtime import OnnxEncoder
from training.inference.pytorch import embed
from training.serving_graph.normalise import ServedEncoder

OPSET = 18
"""The ONNX operator set of every exported graph."""

AGREEMENT = 1e-4
"""Largest allowed difference, relative to the answers' largest magnitude."""

MAX_UNDECIDED_SHARE = 0.01
"""Largest share of undecided bits, whose activations lie within `AGREEMENT` of 0."""


def to_onnx(encoder: nn.Module, spec: InputSpec, kind: Kind = Kind.ENCODER) -> bytes:
    """Export an encoder with its cast, transpose and scale: uint8 (N, H, W, C) in, (N, dim) out.

    A graph of kind `codes` also packs the signs: uint8 (N, bits / 8) out.
    """
    served = ServedEncoder(encoder.cpu())
    graph = PackedCodes(served) if kind is Kind.CODES else served
    return export_graph(graph, spec, ["images"], "embeddings")


def export_graph(served: nn.Module, spec: InputSpec, inputs: list[str], output: str) -> bytes:
    """Export a module that takes one or more batches of uint8 images and returns one tensor.

    Args:
        served: The module, on the CPU.
        spec: Shape of each input.
        inputs: Names of the inputs, which are also the names of `forward`'s arguments, in order.
        output: Name of the output.

    Raises:
        ExportError: PyTorch's exporter returned no graph.
    """
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
    return _without_metadata(program.model_proto)


def _without_metadata(model: onnx.ModelProto) -> bytes:
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

    Args:
        encoder: The network in PyTorch.
        graph: Its ONNX graph.
        images: uint8, (N, H, W, C).

    Returns:
        The largest difference, relative to the embeddings' largest magnitude; for codes, the share
        of bits that differ.

    Raises:
        ExportError: The difference exceeds `AGREEMENT`, decided bits differ, or too many bits are
            undecided.
    """
    expected = embed(encoder, images, torch.device("cpu"))
    answer = OnnxEncoder(graph).embed(images)
    if answer.dtype == np.uint8:
        return _check_bits(expected, answer.astype(np.uint8))
    return difference(answer.astype(np.float32), expected)


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
