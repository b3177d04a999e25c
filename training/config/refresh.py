"""Fields of a run's config that are refreshed from the named config.

A run keeps the config that it was trained with. Fields that decide none of its weights may change
afterwards: what is measured, the targets, and the layers that the exported graph adds.
"""

from __future__ import annotations

from training.config.named import config_names, load_config
from training.config.overrides import keys_of
from training.config.schema import TrainingConfig


def refresh_measurement(config: TrainingConfig) -> TrainingConfig:
    """Take the protocols and targets of the named config, where there is one."""
    return _refresh(config, "protocols", "targets")


def refresh_export(config: TrainingConfig) -> TrainingConfig:
    """Take the views, whitening, version and card of the named config, where there is one."""
    return _refresh(config, "views", "whitening", "whitening_weights", "version", "card")


def _refresh(config: TrainingConfig, *fields: str) -> TrainingConfig:
    """Take fields of the named config, except those that the run overrides."""
    named = config.name.replace("-", "_")
    if named not in config_names():
        return config
    current = load_config(named).model_dump()
    overridden = {key.split(".")[0] for key in keys_of(config.settings)}
    return config.model_copy(
        update={name: current[name] for name in fields if name not in overridden}
    )
