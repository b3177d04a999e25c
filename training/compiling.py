"""The training step compiled by `torch.compile`, where the config asks for it.

Only the step is: what is measured comes in batches of other sizes, each of which would be compiled
anew, and the network itself stays as it was, so that checkpoints and export know nothing of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

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
    return torch.compile(step, dynamic=False, backend=backend)


def check_compiler() -> None:
    """Compile a small sum, so that what is missing is said before anything else is done.

    Raises:
        ConfigError: It cannot be compiled, as where there is no C++ compiler.
    """
    torch.compiler.reset()  # Else a second training in one process would meet the first one's.
    small = torch.zeros(8, device="cuda" if torch.cuda.is_available() else "cpu")
    config: Any = torch.compiler.config  # Its `patch` is known at run time only.
    with warnings.catch_warnings(), config.patch(force_disable_caches=True):
        # What was compiled before and kept would say nothing of the compiler; that nothing is
        # kept now is warned of.
        warnings.simplefilter("ignore")
        try:
            torch.compile(_sum)(small)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[0]
            raise ConfigError(
                f"torch.compile does not work here ({reason}); install a C++ compiler (g++), or "
                "train without compiled=true"
            ) from error


def _sum(numbers: Tensor) -> Tensor:
    return numbers * 2 + 1
