"""Name of the device that a run trains on."""

import torch


def device() -> str:
    """Return the name of the GPU, or the number of CPU threads, that this process trains on."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} CPU threads"
