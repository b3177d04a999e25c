"""Variants of a config: runs with overrides, by `--set` or `--epochs`.

A variant is another system. Its record has a name of its own, so that it never replaces the
config's record, and it is held against a target only if the target names its overrides.
"""

import hashlib
import re

from model.manifest import Metric
from training.config.overrides import parse
from training.config.schema import TrainingConfig
from training.config.sections import Target

_MAX_CHARACTERS = 80
"""Length of a name; a longer one is cut and ends in its digest."""
_DIGEST_CHARACTERS = 8


def variant_of(config: TrainingConfig) -> str:
    """Name the overrides of a config, as a part of a file name; empty for a config without.

    Each has its value and its key: `32-bits` (the `dim` of a code), `20-epochs`,
    `hinge-impostors`, `no-patience`.
    """
    name = "-".join(_words(override, config.metric) for override in config.settings)
    if len(name) <= _MAX_CHARACTERS:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{name[: _MAX_CHARACTERS - _DIGEST_CHARACTERS - 1].rstrip('-.')}-{digest}"


def targets_of(config: TrainingConfig) -> tuple[Target, ...]:
    """Return the targets that were set for the overrides of a config."""
    return tuple(t for t in config.measurement.targets if set(t.given) == set(config.settings))


def _words(override: str, metric: Metric) -> str:
    key, value = parse(override)
    last = key.removesuffix(".name").split(".")[-1].replace("_", "-")
    noun = "bits" if last == "dim" and metric is Metric.HAMMING else last
    if value is True:
        return noun
    text = "no" if value is None or value is False else override.partition("=")[2]
    plain = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
    return f"{plain}-{noun}" if plain else noun
