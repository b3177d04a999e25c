"""What of a run's config is taken from the named config as it is now.

A run keeps the config that it was trained by. What decides none of its weights may be stated anew
afterwards: what is measured and aimed at, and what acts on the exported graph alone.
"""

from __future__ import annotations

from training.config.named import config_names, load_config
from training.config.schema import TrainingConfig

_AIMS = ("protocols", "targets")
_EXPORTED = ("views", "whitening", "whitening_weights", "version", "card")


def aimed_now(config: TrainingConfig) -> TrainingConfig:
    """With the protocols and targets of the named config, where there is one."""
    return _restated(config, _AIMS)


def exported_now(config: TrainingConfig) -> TrainingConfig:
    """With the views, whitening, version and card of the named config, where there is one."""
    return _restated(config, _EXPORTED)


def _restated(config: TrainingConfig, fields: tuple[str, ...]) -> TrainingConfig:
    """What was set for the run stays as it was set."""
    named = config.name.replace("-", "_")
    if named not in config_names():
        return config
    now = load_config(named).model_dump()
    was_set = {setting.partition("=")[0].split(".")[0] for setting in config.settings}
    return config.model_copy(update={name: now[name] for name in fields if name not in was_set})
