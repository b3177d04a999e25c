"""The adapter: a bundle's graph, run by ONNX Runtime."""

from __future__ import annotations

import contextlib
import threading
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from app.encoders.providers import CUDA, check_loaded, preload_cuda_libraries, wanted_providers
from app.errors import EncodingError, KindError
from app.settings import Provider
from model.bundle import Bundle
from model.errors import SelfCheckError
from model.golden import check_golden
from model.manifest import Kind, Manifest

# ONNX Runtime's own errors share no base class below Exception.
_LOADING_FAILURES = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
_QUIET = 3
"""ONNX Runtime's severity from which it writes to stderr itself: errors only."""

_OUTPUT_TYPES = {Kind.ENCODER: "tensor(float)", Kind.CODES: "tensor(uint8)"}


class OnnxEncoder:
    """One graph in one session.

    The session's own pool has one thread: requests already run side by side in the service's
    threads, and two layers of threads would only take turns on the same cores.
    """

    def __init__(self, bundle: Bundle, provider: Provider) -> None:
        """Build the session; the graph's inputs and outputs are checked, its numbers are not.

        Raises:
            KindError: The bundle is of a kind that is not served.
            ProviderError: CUDA was asked for and did not load.
            SelfCheckError: The graph cannot be loaded, or is not what the manifest says.
        """
        if bundle.manifest.kind not in _OUTPUT_TYPES:
            raise KindError(
                f"the model {bundle.manifest.name!r} is of kind {bundle.manifest.kind}, "
                "which this release does not serve; it serves encoder and codes"
            )
        self._session = _open_session(bundle, provider)
        _check_graph(self._session, bundle.manifest)
        self._input = self._session.get_inputs()[0].name
        self._runs_on_cuda = CUDA in self._session.get_providers()
        # Parallel runs are safe on the CPU. On CUDA they have given wrong results and take more
        # memory with each calling thread (ONNX Runtime issues 15154 and 6181).
        self._turn: AbstractContextManager[Any] = (
            threading.Lock() if self._runs_on_cuda else contextlib.nullcontext()
        )

    @property
    def provider(self) -> str:
        """What runs it: `CPU` or `CUDA`."""
        return "CUDA" if self._runs_on_cuda else "CPU"

    def embed(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """Encode a batch; see `app.encoders.port.Encoder.embed`."""
        with self._turn:
            embeddings: NDArray[Any] = self._session.run(None, {self._input: images})[0]
        finite = np.isfinite(embeddings).all(axis=1)
        if not finite.all():
            raise EncodingError(
                f"the model gave no finite embedding for image {int(np.argmin(finite))} of "
                f"{len(images)} (counted from 0)"
            )
        return embeddings


def load_encoder(bundle: Bundle, provider: Provider) -> OnnxEncoder:
    """Build a bundle's encoder and let it pass the golden self-check.

    Raises:
        KindError: The bundle is of a kind that is not served.
        ProviderError: CUDA was asked for and did not load.
        SelfCheckError: The graph does not compute what the manifest promises.
    """
    encoder = OnnxEncoder(bundle, provider)
    try:
        check_golden(bundle.manifest.golden, bundle.manifest.input, encoder.embed)
    except (EncodingError, *_LOADING_FAILURES) as error:
        raise SelfCheckError(f"the golden image cannot be encoded: {error}") from error
    return encoder


def _open_session(bundle: Bundle, provider: Provider) -> onnxruntime.InferenceSession:
    providers = wanted_providers(provider)
    if CUDA in providers:
        preload_cuda_libraries()
    try:
        session = onnxruntime.InferenceSession(bundle.onnx, _options(), providers=providers)
    except _LOADING_FAILURES as error:
        raise SelfCheckError(f"ONNX Runtime cannot load the graph: {error}") from error
    check_loaded(provider, session.get_providers())
    return session


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    # Spinning threads burn the quota that other workers need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def _check_graph(session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
    spec = manifest.input
    image = (spec.height, spec.width, spec.channels)
    _check_tensor("input", session.get_inputs(), "tensor(uint8)", image)
    _check_tensor(
        "output", session.get_outputs(), _OUTPUT_TYPES[manifest.kind], (manifest.embedding_dim,)
    )


def _check_tensor(role: str, nodes: list[Any], dtype: str, sizes: tuple[int, ...]) -> None:
    """One tensor, of that type, with a free batch axis; an axis of unknown size is let pass."""
    if len(nodes) != 1:
        raise SelfCheckError(f"the graph has {len(nodes)} {role}s; the manifest promises one")
    batch, *rest = nodes[0].shape or [None]
    agree = len(rest) == len(sizes) and all(
        size == wanted or not isinstance(size, int)
        for size, wanted in zip(rest, sizes, strict=True)
    )
    if nodes[0].type != dtype or isinstance(batch, int) or not agree:
        raise SelfCheckError(
            f"the graph's {role} is {nodes[0].type} {nodes[0].shape}; "
            f"the manifest promises {dtype} ['batch', {', '.join(map(str, sizes))}]"
        )
