"""Which ONNX Runtime execution provider runs a graph, and whether it really does."""

from __future__ import annotations

from collections.abc import Sequence

import onnxruntime

from app.errors import ProviderError
from app.settings import Provider

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def wanted_providers(provider: Provider, available: Sequence[str] | None = None) -> list[str]:
    """The providers to ask a session for, best first.

    Args:
        provider: The setting.
        available: What this build of ONNX Runtime holds; asked of it where None.

    Raises:
        ProviderError: CUDA was asked for, and this build does not hold it.
    """
    built_in = onnxruntime.get_available_providers() if available is None else available
    if provider is Provider.CUDA and CUDA not in built_in:
        raise ProviderError(
            "LIKEWISE_PROVIDER=cuda, but this ONNX Runtime is built without CUDA: install "
            "onnxruntime-gpu in place of onnxruntime, or set LIKEWISE_PROVIDER=cpu"
        )
    if provider is Provider.CPU or CUDA not in built_in:
        return [CPU]
    return [CUDA, CPU]


def check_loaded(provider: Provider, loaded: Sequence[str]) -> None:
    """Refuse a silent fall-back: a provider that is built in may still fail to load.

    Args:
        provider: The setting.
        loaded: What the session says that it runs on.

    Raises:
        ProviderError: CUDA was asked for, and the session runs without it.
    """
    if provider is Provider.CUDA and CUDA not in loaded:
        raise ProviderError(
            "LIKEWISE_PROVIDER=cuda, but CUDA did not load (is there a GPU, and do its driver and "
            "cuDNN match this ONNX Runtime?); mend that, or set LIKEWISE_PROVIDER=cpu"
        )


def preload_cuda_libraries() -> None:
    """Find CUDA and cuDNN in their Python wheels, which the dynamic loader does not search."""
    onnxruntime.preload_dlls(directory="")
