"""PyTorch's exporter, which reads its operators once for all the graphs of a test run."""

import functools
from contextlib import contextmanager

import pytest
import torch


@contextmanager
def operators_read_once():
    """Keep the registry that the exporter makes for each graph: 0.45 s of the 1.7 of a small one.

    It is only read, since no export has operators of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        original = torch.onnx.export

        @functools.cache
        def keep():
            # In 2 s, for the processes that export.
            from torch.onnx._internal.exporter._registration import ONNXRegistry  # noqa: PLC0415

            kept = functools.cache(ONNXRegistry.from_torchlib)
            patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(kept))

        def export(*arguments, **options):
            keep()
            return original(*arguments, **options)

        patch.setattr(torch.onnx, "export", export)
        yield
