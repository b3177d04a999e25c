"""Encoder of a config: untrained, or with the weights of a checkpoint."""

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


class RunningAverage:
    """Exponential moving average of an encoder's weights and buffers, if there is a decay."""

    def __init__(self, encoder: nn.Module, decay: float | None) -> None:
        self._encoder = encoder
        self._model: AveragedModel | None = None
        if decay is not None:
            average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
            self._model = AveragedModel(encoder, multi_avg_fn=average, use_buffers=True)

    def update(self) -> None:
        """Add the encoder's present weights."""
        if self._model is not None:
            self._model.update_parameters(self._encoder)

    @property
    def result(self) -> Any:  # noqa: ANN401 (an encoder or a network of pairs)
        """Averaged encoder, or the encoder itself without a decay."""
        return self._encoder if self._model is None else self._model.module

    @property
    def parts(self) -> dict[str, nn.Module]:
        """Modules of a checkpoint, by name."""
        return {} if self._model is None else {"average": self._model}
