"""Parameter groups with and without weight decay."""

from collections.abc import Iterable
from typing import Any

from torch import nn


def decayed_and_not(parameters: Iterable[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Group parameters: matrices and kernels decay; biases, norms and slopes (one axis) do not."""
    all_parameters = list(parameters)
    return [
        {"params": [p for p in all_parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in all_parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
