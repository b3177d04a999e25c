"""Named configs: the files in `training/configs/`, and what older runs take from them.

A run keeps the config that it was trained with. Fields that decide none of its weights may change
afterwards: what is measured, the targets, and the layers that the exported graph adds.
"""

import importlib
import pkgutil
from typing import Any

from pydantic import ValidationError

from model.errors import faults
from training.config.candidates import Candidate
from training.config.overrides import keys_of
from training.config.schema import TrainingConfig
from training.errors import ConfigError


def config_names() -> list[str]:
    """Return the names of the files in `training/configs/` that are not helpers (`_…`)."""
    folder = importlib.import_module("training.configs").__path__
    names = (module.name for module in pkgutil.iter_modules(folder))
    return sorted(name for name in names if not name.startswith("_"))


def load_config(name: str, overrides: dict[str, Any] | None = None) -> TrainingConfig:
    """Load a named config; `overrides` replaces values by their top-level keys in the flat form.

    Raises:
        ConfigError: No such config, or a field or value that it cannot have.
    """
    if name not in config_names():
        raise ConfigError(f"there is no config {name}; there are: {', '.join(config_names())}")
    config: TrainingConfig = importlib.import_module(f"training.configs.{name}").CONFIG
    try:
        return config.model_copy(update=overrides)
    except ValidationError as error:
        raise ConfigError(f"config {name}: {faults(error)}") from error


def load_candidates(name: str) -> tuple[Candidate, ...]:
    """Return the candidates of a named config that chooses among several; of others none."""
    if name not in config_names():
        return ()
    module = importlib.import_module(f"training.configs.{name}")
    candidates: tuple[Candidate, ...] = getattr(module, "CANDIDATES", ())
    return candidates


def refresh_measurement(config: TrainingConfig) -> TrainingConfig:
    """Take the protocols, targets and choice of the named config, where there is one."""
    return _refresh(config, "protocols", "targets", "choice")


def refresh_export(config: TrainingConfig) -> TrainingConfig:
    """Take views, whitening, version, card and choice of the named config, where there is one."""
    return _refresh(config, "views", "whitening", "whitening_weights", "version", "card", "choice")


def _refresh(config: TrainingConfig, *fields: str) -> TrainingConfig:
    """Take fields of the named config, except those that the run overrides or has chosen."""
    named = config.name.replace("-", "_")
    if named not in config_names():
        return config
    choice = config.measurement.choice
    if choice is not None and choice.tried:
        fields = tuple(name for name in fields if name != "choice")
    current = load_config(named).model_dump()
    overridden = {key.split(".")[0] for key in keys_of(config.settings)}
    return config.model_copy(
        update={name: current.get(name) for name in fields if name not in overridden}
    )
