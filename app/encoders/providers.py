"""Choice of the ONNX Runtime execution provider, and a check that it has loaded."""

from collections.abc import Sequence

import onnxruntime

from app.errors import ProviderError
from app.settings import Provider

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def wanted_providers(provider: Provider, available: Sequence[str] | None = None) -> list[str]:
    """Return the providers for a session, best first.

    Args:
        provider: The setting.
        available: The providers of this build of ONNX Runtime; None to query them.

    Raises:
        ProviderError: CUDA was requested, and this build does not have it.
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
    """Refuse a silent fallback: a provider of the build may still fail to load.

    Args:
        provider: The setting.
        loaded: The providers of the session.

    Raises:
        ProviderError: CUDA was requested, and the session runs without it.
    """
    if provider is Provider.CUDA and CUDA not in loaded:
        raise ProviderError(
            "LIKEWISE_PROVIDER=cuda, but CUDA did not load (is there a GPU, and do its driver and "
            "cuDNN match this ONNX Runtime?); mend that, or set LIKEWISE_PROVIDER=cpu"
        )


def preload_cuda_libraries() -> None:
    """Load CUDA and cuDNN from their Python wheels, which the dynamic loader does not search."""
    onnxruntime.preload_dlls(directory="")
