"""The training step compiled by `torch.compile`, where the config asks for it.

Only the step is: what is measured comes in batches of other sizes, each of which would be compiled
anew, and the network itself stays as it was, so that checkpoints and export know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from training.errors import ConfigError

Step = Callable[[nn.Module, Tensor], Tensor]
"""Runs a network on a batch."""


def compiled(step: Step, backend: str = "inductor") -> Step:
    """A step that computes the same, compiled when it is first called.

    Args:
        step: As it is.
        backend: Of `torch.compile`.
    """
    torch.compiler.reset()  # Else trainings in one process would add up to PyTorch's limit.
    return torch.compile(step, dynamic=False, backend=backend)


def check_compiler() -> None:
    """Look for a C++ compiler, so that a missing one is said before anything else is done.

    Raises:
        ConfigError: There is none.
    """
    from torch._inductor import cpp_builder, exc  # noqa: PLC0415 (takes seconds to import)

    try:
        cpp_builder.get_cpp_compiler()
    except exc.InvalidCxxCompiler as error:
        raise ConfigError(
            "torch.compile finds no C++ compiler; install one (g++), name it in the environment "
            "variable CXX, or train without compiled=true"
        ) from error
