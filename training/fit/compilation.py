"""Compilation of the training step by `torch.compile`, where the config asks for it.

Only the step is compiled. Measurements use batches of other sizes, each of which would be compiled
again, and the network itself stays unchanged, so checkpoints and exports are not affected.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from training.errors import ConfigError

Step = Callable[[nn.Module, Tensor], Tensor]
"""Function that runs a network on a batch."""


def compiled(step: Step, backend: str = "inductor") -> Step:
    """Return a step that computes the same, compiled when it is first called."""
    torch.compiler.reset()  # Graphs of several trainings in one process would exceed its limit.
    return torch.compile(step, dynamic=False, backend=backend)


def check_compiler() -> None:
    """Check that there is a C++ compiler, before anything is written.

    Raises:
        ConfigError: No C++ compiler was found.
    """
    from torch._inductor import cpp_builder, exc  # noqa: PLC0415 (takes seconds to import)

    try:
        cpp_builder.get_cpp_compiler()
    except exc.InvalidCxxCompiler as error:
        raise ConfigError(
            "torch.compile finds no C++ compiler; install one (g++), name it in the environment "
            "variable CXX, or train without compiled=true"
        ) from error
