"""The encoder that a config names: built untrained, or with the weights of a checkpoint."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.manifest import Metric
from training import registry
from training.config.schema import TrainingConfig
from training.errors import ConfigError
from training.inference import binary_codes
from training.registry import Part


def build_encoder(config: TrainingConfig) -> Any:  # noqa: ANN401 (a module with `dim`)
    """The config's network, untrained.

    Raises:
        ConfigError: It cannot be built, or its codes do not fill whole bytes.
    """
    encoder = registry.build(Part.NETWORK, config.network, spec=config.input)
    if config.metric is Metric.HAMMING and encoder.dim % binary_codes.BITS_OF_A_BYTE:
        raise ConfigError(f"codes have whole bytes: {encoder.dim} bits are no multiple of 8")
    return encoder.to(memory_format=torch.channels_last)


def trained_encoder(config: TrainingConfig, state: dict[str, Any]) -> nn.Module:
    """The network of a checkpoint, ready to be exported: the running average where there is one."""
    encoder: nn.Module = build_encoder(config)
    average = running_average(encoder, config.optimisation.average_decay)
    (encoder if average is None else average).load_state_dict(
        state["encoder" if average is None else "average"]
    )
    return (encoder if average is None else average.module).eval()


def running_average(encoder: nn.Module, decay: float | None) -> AveragedModel | None:
    """An exponential moving average of weights and buffers; None without a decay."""
    if decay is None:
        return None
    moving = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(encoder, multi_avg_fn=moving, use_buffers=True)
