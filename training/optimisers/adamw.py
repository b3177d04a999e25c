"""AdamW (Loshchilov, Hutter 2019); weight decay on matrices and kernels only."""

from collections.abc import Iterable

from torch import nn
from torch.optim import AdamW, Optimizer

from training.optimisers._weight_decay import decayed_and_not


def build(
    parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float = 0.01
) -> Optimizer:
    """Build the optimiser `adamw`."""
    return AdamW(decayed_and_not(parameters, weight_decay), lr=learning_rate)
