"""GPUs of the machine: hidden from the tests, and visible to some of their subprocesses."""

import os

_NAME = "CUDA_VISIBLE_DEVICES"
_VISIBLE = os.environ.get(_NAME)


def hide():
    """Hide all GPUs from PyTorch, in this process and its subprocesses."""
    os.environ[_NAME] = ""


def environment():
    """Return the environment of a subprocess that sees the GPUs."""
    ours = {name: value for name, value in os.environ.items() if name != _NAME}
    return ours if _VISIBLE is None else ours | {_NAME: _VISIBLE}
