"""PyTorch's exporter, which traces each network once for all the tests of a run.

A trace takes a second or more, and tests export the same few trained networks again and again.
"""

import functools
import hashlib
import io
import os
import pickle
from contextlib import contextmanager
from types import SimpleNamespace

import onnx
import pytest
import torch

TRACE = torch.onnx.export
"""The exporter itself."""


@contextmanager
def graphs_traced_once(folder):
    """Keep each exported graph in a folder, by all that it depends on, for all processes.

    The registry of operators, which the exporter makes anew for each graph, is kept too: 0.45 s of
    the 1.7 of a small one. It is only read, since no export has operators of its own.
    """
    with pytest.MonkeyPatch.context() as patch:

        @functools.cache
        def keep_operators():
            # In 2 s, for the processes that export.
            from torch.onnx._internal.exporter._registration import ONNXRegistry  # noqa: PLC0415

            kept = functools.cache(ONNXRegistry.from_torchlib)
            patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(kept))

        def export(module, examples, **options):
            file = folder / f"{digest_of(module, examples, options)}.onnx"
            if not file.exists():
                keep_operators()
                made = file.with_suffix(f".{os.getpid()}")
                made.write_bytes(TRACE(module, examples, **options).model_proto.SerializeToString())
                made.replace(file)
            return SimpleNamespace(model_proto=onnx.load_from_string(file.read_bytes()))

        patch.setattr(torch.onnx, "export", export)
        yield


def digest_of(module, examples, options):
    """The SHA-256 of a network with its weights, and of how it is exported."""
    content = io.BytesIO()
    shapes = {name: repr(shape) for name, shape in options["dynamic_shapes"].items()}
    _Content(content).dump((module, examples, options | {"dynamic_shapes": shapes}))
    return hashlib.sha256(content.getvalue()).hexdigest()


class _Content(pickle.Pickler):
    """Pickles tensors by their values: PyTorch's own form has the addresses of their memory."""

    def reducer_override(self, value):
        if isinstance(value, torch.Tensor):
            numbers = value.detach().cpu().contiguous()
            return tuple, ((str(value.dtype), tuple(value.shape), numbers.numpy().tobytes()),)
        return NotImplemented
