"""PyTorch's exporter, which reads its operators once for all the graphs of a test run."""

import functools
from contextlib import contextmanager

import pytest


@contextmanager
def operators_read_once():
    """Keep the registry that the exporter makes for each graph: 0.45 s of the 1.7 of a small one.

    It is only read, since no export has operators of its own.
    """
    from torch.onnx._internal.exporter._registration import ONNXRegistry  # noqa: PLC0415 (slow)

    with pytest.MonkeyPatch.context() as patch:
        kept = functools.cache(ONNXRegistry.from_torchlib)
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(kept))
        yield
