"""The GPUs that this process was started with, and hiding them from it."""

import os

_NAME = "CUDA_VISIBLE_DEVICES"
_VISIBLE = os.environ.get(_NAME)


def hide():
    """Let PyTorch find none, here and in what this process starts."""
    os.environ[_NAME] = ""


def environment():
    """The environment of a process that sees them all the same."""
    ours = {name: value for name, value in os.environ.items() if name != _NAME}
    return ours if _VISIBLE is None else ours | {_NAME: _VISIBLE}
