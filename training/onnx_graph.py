"""From a PyTorch encoder to the bytes of an ONNX graph, and the proof that they agree."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from model.manifest import InputSpec
from training.embedding import embed
from training.errors import ExportError
from training.pixels import ServedEncoder
from training.runtime import OnnxEncoder

OPSET = 18
"""The ONNX operator set of every exported graph."""

AGREEMENT = 1e-4
"""Largest allowed difference, relative to the answers' largest magnitude."""


def to_onnx(encoder: nn.Module, spec: InputSpec) -> bytes:
    """Export an encoder with its cast, transpose and scale: uint8 (N, H, W, C) in, (N, dim) out."""
    return export_graph(ServedEncoder(encoder.cpu()), spec, ["images"], "embeddings")


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

    Args:
        encoder: In PyTorch.
        graph: Its ONNX graph.
        images: uint8, (N, H, W, C).

    Returns:
        The largest difference, relative to the embeddings' largest magnitude.

    Raises:
        ExportError: It exceeds `AGREEMENT`.
    """
    expected = embed(encoder, images, torch.device("cpu"))
    return difference(OnnxEncoder(graph).embed(images).astype(np.float32), expected)


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
