"""Device that a run trains on: its name, and its number formats."""

import torch

_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")
"""Capabilities of processors that compute in bfloat16: two of x86-64 and one of ARM64."""


def device() -> str:
    """Return the name of the GPU, or the number of CPU threads, that this process trains on."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} CPU threads"


def has_bfloat16(device: torch.device) -> bool:
    """Check whether a device computes convolutions in bfloat16 without emulating them.

    A CPU has instructions for it or emulates them, with AVX-512 as without, where an emulated
    training step takes 1.3 to 8 times as long as in float32.
    """
    return device.type != "cpu" or any(
        torch.cpu.get_capabilities().get(name, False) for name in _BFLOAT16
    )
