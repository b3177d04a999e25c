"""Device that a run trains on: its name, and its number formats."""

import torch


def device() -> str:
    """Return the name of the GPU, or the number of CPU threads, that this process trains on."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} CPU threads"


def has_bfloat16(device: torch.device) -> bool:
    """Check whether a device computes convolutions in bfloat16 without emulating them.

    On a processor without AVX-512 an emulated training step takes eight times as long.
    """
    return device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 (there is no public name)
