"""Encoder of a config: untrained, or with the weights of a checkpoint."""

from typing import Any

import torch
from torch import nn

from model.manifest import Metric
from training import registry
from training.config.schema import TrainingConfig
from training.errors import ConfigError
from training.inference import binary_codes
from training.registry import Part
from training.running_average import RunningAverage


def build_encoder(config: TrainingConfig) -> Any:  # noqa: ANN401 (a module with `dim`)
    """Build the config's network, untrained.

    Raises:
        ConfigError: It cannot be built, or its codes do not fill whole bytes.
    """
    encoder = registry.build(Part.NETWORK, config.network, spec=config.input)
    if config.metric is Metric.HAMMING and encoder.dim % binary_codes.BITS_OF_A_BYTE:
        raise ConfigError(f"codes have whole bytes: {encoder.dim} bits are no multiple of 8")
    return encoder.to(memory_format=torch.channels_last)


def trained_encoder(config: TrainingConfig, state: dict[str, Any]) -> nn.Module:
    """Build the network to export from a checkpoint: the running average where there is one."""
    encoder: nn.Module = build_encoder(config)
    encoder.load_state_dict(state["encoder"])
    average = RunningAverage(encoder, config.optimisation.average_decay)
    for name, part in average.parts.items():
        part.load_state_dict(state[name])
    result: nn.Module = average.result.eval()
    return result
