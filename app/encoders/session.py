"""ONNX Runtime session of a bundle, with checks of the graph's inputs and outputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from app.encoders.buckets import Buckets, bucket_sizes
from app.encoders.providers import CUDA, check_loaded, preload_cuda_libraries, wanted_providers
from app.settings import Provider
from model.bundle import Bundle
from model.errors import SelfCheckError

# ONNX Runtime's errors have no common base class but Exception.
LOADING_FAILURES = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
MAX_ROWS_ON_CUDA = 64
"""Maximum batch on CUDA; larger ones are run in pieces."""
MAX_BYTES_ON_CPU = 1 << 19
"""Maximum size of the pixels of one run on the CPU: 8 images of `faces-crops`, 203 of `att-chopra`.

Larger batches are run in pieces, since ONNX Runtime keeps the memory of its largest run. With runs
of 32 images of `faces-crops`, `python -m benchmarks run memory` had 310 MB in place of the 216 MB
of its page.
"""

_QUIET = 3
"""Severity from which ONNX Runtime itself writes to stderr: errors only."""


class Session:
    """Session of one graph. Safe to run from several threads at once.

    The session's own pool has one thread: requests already run in parallel in the service's
    threads, and a second layer of threads would compete for the same cores.
    """

    def __init__(self, bundle: Bundle, provider: Provider) -> None:
        """Open the session.

        Raises:
            ProviderError: CUDA was requested and did not load.
            SelfCheckError: The graph cannot be loaded.
        """
        self._session = _open_session(bundle, provider)
        self._names = [node.name for node in self._session.get_inputs()]
        self._runs_on_cuda = CUDA in self._session.get_providers()
        self._buckets = self._open_buckets(bundle, provider) if self._runs_on_cuda else None

    def _open_buckets(self, bundle: Bundle, provider: Provider) -> Buckets:
        *smaller, largest = bucket_sizes(MAX_ROWS_ON_CUDA)
        sessions = {size: _open_session(bundle, provider) for size in smaller}
        return Buckets(sessions | {largest: self._session}, "cuda")

    @property
    def provider(self) -> str:
        """Name of the device that runs it: `CPU` or `CUDA`."""
        return "CUDA" if self._runs_on_cuda else "CPU"

    def run(self, *inputs: Any) -> Any:  # noqa: ANN401 (arrays, as the graph has them)
        """Return the graph's output for its inputs, in order."""
        if self._buckets is not None:
            return self._buckets.run(*inputs)
        rows = max(1, MAX_BYTES_ON_CPU // sum(each[:1].nbytes or 1 for each in inputs))
        pieces = [
            self._run_once(*(each[start : start + rows] for each in inputs))
            for start in range(0, max(1, len(inputs[0])), rows)
        ]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _run_once(self, *inputs: Any) -> Any:  # noqa: ANN401 (arrays, as the graph has them)
        return self._session.run(None, dict(zip(self._names, inputs, strict=True)))[0]

    def warm(self, *rows: Any) -> None:  # noqa: ANN401 (arrays, as the graph has them)
        """Run each batch size once on CUDA, before the first request.

        Args:
            rows: One row for each input, (1, …).
        """
        if self._buckets is not None:
            self._buckets.warm(*rows)

    def check_inputs(self, count: int, dtype: str, sizes: tuple[int | str, ...]) -> None:
        """Check the number, type and sizes of the graph's inputs; the batch axis has to be free.

        A size that is a name has to be free too.

        Raises:
            SelfCheckError: The graph differs.
        """
        _check_tensors("input", self._session.get_inputs(), count, dtype, sizes)

    def check_output(self, dtype: str, sizes: tuple[int, ...]) -> None:
        """Check the type and sizes of the graph's one output; the batch axis has to be free.

        Raises:
            SelfCheckError: The graph differs.
        """
        _check_tensors("output", self._session.get_outputs(), 1, dtype, sizes)


def _open_session(bundle: Bundle, provider: Provider) -> onnxruntime.InferenceSession:
    providers = wanted_providers(provider)
    if CUDA in providers:
        preload_cuda_libraries()
    try:
        session = onnxruntime.InferenceSession(bundle.onnx, _options(), providers=providers)
    except LOADING_FAILURES as error:
        raise SelfCheckError(f"ONNX Runtime cannot load the graph: {error}") from error
    check_loaded(provider, session.get_providers())
    return session


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    # Spinning threads use up the quota that other workers need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def _check_tensors(
    role: str, nodes: Sequence[Any], count: int, dtype: str, sizes: tuple[int | str, ...]
) -> None:
    """Check the number, type and sizes of tensors; an unknown size is accepted."""
    if len(nodes) != count:
        promised = "one" if count == 1 else str(count)
        raise SelfCheckError(
            f"the graph has {len(nodes)} {role}s; the manifest promises {promised}"
        )
    for node in nodes:
        _check_tensor(role, node, dtype, sizes)


def _check_tensor(role: str, node: Any, dtype: str, sizes: tuple[int | str, ...]) -> None:  # noqa: ANN401 (ONNX Runtime's NodeArg)
    batch, *rest = node.shape or [None]
    agree = len(rest) == len(sizes) and all(
        size == wanted or not isinstance(size, int)
        for size, wanted in zip(rest, sizes, strict=True)
    )
    if node.type != dtype or isinstance(batch, int) or not agree:
        wanted = ", ".join(["'batch'", *map(str, sizes)])
        raise SelfCheckError(
            f"the graph's {role} is {node.type} {node.shape}; "
            f"the manifest promises {dtype} [{wanted}]"
        )
