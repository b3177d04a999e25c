"""From a PyTorch encoder to the bytes of an ONNX graph, and the proof that they agree."""

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
"""Largest share of a code's bits that may lie within `AGREEMENT` of 0, over the images compared."""


def to_onnx(encoder: nn.Module, spec: InputSpec, kind: Kind = Kind.ENCODER) -> bytes:
    """Export an encoder with its cast, transpose and scale: uint8 (N, H, W, C) in, (N, dim) out.

    A graph of kind `codes` packs the signs as well: uint8 (N, bits / 8) out.
    """
    served = ServedEncoder(encoder.cpu())
    graph = PackedCodes(served) if kind is Kind.CODES else served
    return export_graph(graph, spec, ["images"], "embeddings")


def export_graph(served: nn.Module, spec: InputSpec, inputs: list[str], output: str) -> bytes:
    """Export a module that takes one or more batches of uint8 images and gives one tensor.

    Args:
        served: The module, on the CPU.
        spec: Of each input.
        inputs: The inputs' names, which are also those of `forward`'s arguments, in order.
        output: The output's name.

    Raises:
        ExportError: PyTorch's exporter gave no graph.
    """
    # Two images: an example of one would be taken for a fixed batch of one. And a tensor for each
    # input: the exporter takes one tensor that is given twice for one input.
    shape = (2, spec.height, spec.width, spec.channels)
    examples = tuple(torch.zeros(shape, dtype=torch.uint8) for _ in inputs)
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings():
        # PyTorch's exporter warns of its own internals, not of this graph.
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
        raise ExportError("PyTorch's exporter gave no graph")
    return _bare(program.model_proto)


def _bare(model: onnx.ModelProto) -> bytes:
    """Without the exporter's notes: they hold paths of the machine that trained."""
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

    Of codes only bits can be seen. Activations that agree within `AGREEMENT` have the same sign
    but where one lies within `AGREEMENT` of 0: there, and nowhere else, may bits differ; and of
    such bits there may only be a few, or the comparison would show nothing.

    Args:
        encoder: In PyTorch.
        graph: Its ONNX graph.
        images: uint8, (N, H, W, C).

    Returns:
        The largest difference, relative to the embeddings' largest magnitude; of codes, the share
        of bits that differ.

    Raises:
        ExportError: It exceeds `AGREEMENT`, or bits differ that may not, or too many may.
    """
    expected = embed(encoder, images, torch.device("cpu"))
    answer = OnnxEncoder(graph).embed(images)
    if answer.dtype == np.uint8:
        return _check_bits(expected, answer.astype(np.uint8))
    return difference(answer.astype(np.float32), expected)


def difference(answer: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """The largest difference of two sets of answers, relative to their largest magnitude.

    Raises:
        ExportError: It exceeds `AGREEMENT`.
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
            f"{free.mean():.1%} of the code's bits have activations of nearly 0, or of no number: "
            "rounding decides them; nothing was written"
        )
    differs = np.unpackbits(np.bitwise_xor(pack(activations), packed), axis=1).astype(bool)
    if (wrong := differs & ~free).any():
        raise ExportError(
            f"ONNX Runtime and PyTorch differ in {wrong.sum()} bits whose activations are further "
            f"than {AGREEMENT:.0e} of the largest from 0: nothing was written"
        )
    return float(differs.mean())
