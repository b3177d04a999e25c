"""Learning rate over a run: a linear rise, then half a cosine to 0."""

import math
from dataclasses import dataclass

from torch.optim import Optimizer


@dataclass(frozen=True)
class Schedule:
    """Learning rate of each step; it rises to `peak` over `warmup`, a share of the steps."""

    peak: float
    warmup: float
    steps: int

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        progress = step / self.steps
        if progress < self.warmup:
            return self.peak * (progress / self.warmup)
        cosine = math.cos(math.pi * (progress - self.warmup) / (1 - self.warmup))
        return self.peak * (0.5 * (1 + cosine))

    def apply(self, optimiser: Optimizer, step: int) -> float:
        """Set the optimiser's learning rate for a step; returns it."""
        rate = self.rate(step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        return rate
