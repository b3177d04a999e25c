"""The named configs: the files in `training/configs/`, found by name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from pydantic import ValidationError

from model.errors import faults
from training.config.schema import TrainingConfig
from training.errors import ConfigError


def config_names() -> list[str]:
    """The configs that exist: the files in `training/configs/`."""
    folder = importlib.import_module("training.configs").__path__
    return sorted(module.name for module in pkgutil.iter_modules(folder))


def load_config(name: str, overrides: dict[str, Any] | None = None) -> TrainingConfig:
    """Load a named config, with some of its fields replaced.

    Args:
        name: A file in `training/configs/`, without its ending.
        overrides: Top-level fields to replace.

    Raises:
        ConfigError: No such config, or a field or value that it cannot have.
    """
    if name not in config_names():
        raise ConfigError(f"there is no config {name}; there are: {', '.join(config_names())}")
    config: TrainingConfig = importlib.import_module(f"training.configs.{name}").CONFIG
    try:
        return TrainingConfig.model_validate({**config.model_dump(), **(overrides or {})})
    except ValidationError as error:
        raise ConfigError(f"config {name}: {faults(error)}") from error
