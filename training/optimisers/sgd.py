"""Stochastic gradient descent with Nesterov momentum; weight decay on matrices and kernels only."""

from collections.abc import Iterable

from torch import nn
from torch.optim import SGD, Optimizer

from training.optimisers._weight_decay import decayed_and_not


def build(
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    weight_decay: float = 5e-4,
    momentum: float = 0.9,
) -> Optimizer:
    """Build the optimiser `sgd`."""
    groups = decayed_and_not(parameters, weight_decay)
    return SGD(groups, lr=learning_rate, momentum=momentum, nesterov=momentum > 0)
