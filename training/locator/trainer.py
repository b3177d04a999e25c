"""Training loop of a locator."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.errors import DivergedError
from training.locator.backgrounds import make_backgrounds
from training.locator.config import LocatorConfig
from training.locator.network import LocatorNetwork
from training.locator.objective import loss_of
from training.locator.scenes import Scenes

_WARM_UP = 0.05
_WEIGHT_DECAY = 1e-3
_AVERAGED = 0.998
"""Decay of the moving average of the weights, which is what is exported."""
_REPORT = 50


@dataclass(frozen=True)
class Progress:
    """State of a training after some steps, and the mean loss of the last of them."""

    step: int
    steps: int
    loss: float


def train_network(
    config: LocatorConfig, pictures: NDArray[np.uint8], report: Callable[[Progress], None]
) -> LocatorNetwork:
    """Train a locator on aligned pictures, uint8 (n, source, source, 3); in evaluation mode.

    Raises:
        DivergedError: The loss is no longer a number.
    """
    torch.manual_seed(config.seed)
    backgrounds = make_backgrounds(pictures, config.core, config.backgrounds, config.seed)
    scenes = Scenes(config, pictures, backgrounds)
    generator = torch.Generator().manual_seed(config.seed)
    network = LocatorNetwork(config.widths, config.depths)
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    average = torch.optim.swa_utils.AveragedModel(network, avg_fn=_moved, use_buffers=True)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=_WEIGHT_DECAY
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, config.steps))
    recent = list[float]()
    for step in range(1, config.steps + 1):
        pixels, things = scenes.draw(config.batch, generator)
        loss = loss_of(network(pixels.contiguous(memory_format=torch.channels_last)), things)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        recent.append(float(loss.detach()))
        if step % _REPORT == 0 or step == config.steps:
            mean = sum(recent) / len(recent)
            if not math.isfinite(mean):
                raise DivergedError(f"the loss is {mean} after {step} steps; lower learning_rate")
            report(Progress(step, config.steps, mean))
            recent.clear()
    network.load_state_dict(average.module.state_dict())
    network.eval()
    return network


def _moved(average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
    """Move the average of some weights towards their values of now; further in the first steps."""
    share = max(1 - _AVERAGED, 9 / (10 + int(count)))
    return average + share * (current - average)


def _rate(step: int, steps: int) -> float:
    """Share of the peak learning rate."""
    warm_up = max(1, round(_WARM_UP * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))
