"""Variants of a config: runs with values of their own in its places, by `--set` or `--epochs`.

A variant is another system. Its record has a name of its own, so that it never takes the place of
the config's; and a bar that was set for the config says nothing of it, unless the target names it.
"""

from __future__ import annotations

import hashlib
import json
import re

from model.manifest import Metric
from training.config.schema import TrainingConfig
from training.config.target import Target

_LONGEST = 80
"""Characters of a name; a longer one is cut, and its digest keeps it apart."""
_DIGEST = 8


def variant_of(config: TrainingConfig) -> str:
    """What was set, as a part of a file's name; empty for a config as it stands.

    A value and what it is the value of: `32-bits` (as a code's `dim` is called), `20-epochs`,
    `hinge-impostors`, `no-patience`.
    """
    name = "-".join(_words(setting, config.metric) for setting in config.settings)
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _LONGEST - _DIGEST - 1].rstrip('-.')}-{digest}"


def targets_of(config: TrainingConfig) -> tuple[Target, ...]:
    """The targets that a run is held against: those that were set for what was run."""
    return tuple(t for t in config.measurement.targets if set(t.given) == set(config.settings))


def _words(setting: str, metric: Metric) -> str:
    key, _, value = setting.partition("=")
    last = key.removesuffix(".name").split(".")[-1].replace("_", "-")
    what = "bits" if last == "dim" and metric is Metric.HAMMING else last
    match _value(value):
        case True:
            return what
        case False | None:
            return f"no-{what}"
    plain = re.sub(r"[^a-z0-9.]+", "-", value.lower()).strip("-.")
    return f"{plain}-{what}" if plain else what


def _value(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value
