"""`--set key=value`: single values of a config replaced by name, each checked against its type."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from model.errors import faults
from training import registry
from training.config.schema import JSON_TYPES, TrainingConfig
from training.errors import ConfigError
from training.registry import Component, Part

_PARTS = {
    "network": Part.NETWORK,
    "loss": Part.LOSS,
    "sampler": Part.SAMPLER,
    "augmentation": Part.AUGMENTATION,
    "optimiser": Part.OPTIMISER,
}
"""The fields of a config that name a part."""


_ADDED = {
    "network": {"spec"},
    "loss": {"dim", "identities"},
    "sampler": {"pairs"},
    "optimiser": {"parameters", "learning_rate"},
}
"""What the trainer gives a part, so that it is no option."""

_NOT_NOTED = {"name", "version", "seed", "card", "targets"}
"""Fields that make no other system: a record's name and a bundle's card say them already."""


def override(config: TrainingConfig, settings: Iterable[str]) -> TrainingConfig:
    """Replace values of a config, and note in it those that made it another.

    Args:
        config: As named.
        settings: Each `key=value`: the key dotted (`network.options.dropout`), the value JSON, or
            text where it is none.

    Raises:
        ConfigError: Not of that form, a key that the config does not have (near ones are named),
            or a value that the key cannot have.
    """
    given = [_parsed(setting) for setting in settings]
    if not given:
        return config
    document = config.model_dump(mode="json", exclude={"settings"})
    # A part's name before its options: they are those of the new part.
    for key, value in sorted(given, key=lambda pair: ".options" in pair[0]):
        _put(document, key, value)
    for name in {key.split(".")[0] for key, _ in given}:
        _check_type(name, document[name], JSON_TYPES[name])
    try:
        changed = TrainingConfig.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"--set: {faults(error)}") from error
    for key, _ in given:
        _check_options(changed, key)
    return _noted(config, changed, dict(given))


def _noted(before: TrainingConfig, after: TrainingConfig, given: dict[str, Any]) -> TrainingConfig:
    """With the settings that changed something, sorted, beside those noted before."""
    noted = dict(setting.split("=", 1) for setting in before.settings)
    for key, value in given.items():
        # A part that is named anew loses its options, even where the name is the old one.
        whole = key.removesuffix(".name")
        changed = value_at(before, whole) != value_at(after, whole)
        if changed and key.split(".")[0] not in _NOT_NOTED:
            noted[key] = _as_text(value)
    settings = tuple(f"{key}={text}" for key, text in sorted(noted.items()))
    return after.model_copy(update={"settings": settings})


def _as_text(value: object) -> str:
    """The value as `--set` takes it: plain text as it is, everything else JSON."""
    if isinstance(value, str) and _parsed(f"key={value}")[1] == value:
        return value
    return json.dumps(value)


def value_at(config: TrainingConfig, key: str) -> Any:  # noqa: ANN401 (whatever stands there)
    """The value at a dotted key; None where an option is left to its part's own default."""
    found: Any = config.model_dump(mode="json")
    for name in key.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def keys_of(settings: Iterable[str]) -> list[str]:
    """The dotted keys of some settings."""
    return [_parsed(setting)[0] for setting in settings]


def _parsed(setting: str) -> tuple[str, Any]:
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set takes key=value, such as --set batch_size=64, not {setting!r}")
    try:
        return key, json.loads(text)
    except ValueError:
        return key, text


def _put(document: dict[str, Any], key: str, value: object) -> None:
    """Set the value at a dotted key that exists, or that names an option of a part."""
    *path, last = key.split(".")
    place: Any = document
    for depth, name in enumerate(path):
        place = _within(place, name, key, ".".join(path[:depth]))
    if not (path and path[-1] == "options"):
        _within(place, last, key, ".".join(path))
    place[last] = value
    if last == "name" and path and path[0] in _PARTS:
        place["options"] = {}


def _within(place: object, name: str, key: str, before: str) -> Any:  # noqa: ANN401 (as above)
    if isinstance(place, dict) and name in place:
        return place[name]
    known = list(place) if isinstance(place, dict) else []
    prefix = f"{before}." if before else ""
    raise ConfigError(_unknown(key, name, known, prefix))


def _unknown(key: str, name: str, known: Iterable[str], prefix: str) -> str:
    """What to say of a misspelt key."""
    everything = sorted(known)
    near = difflib.get_close_matches(name, everything, n=3, cutoff=0.5)
    listed = ", ".join(prefix + other for other in (near or everything)) or "nothing below it"
    return f"--set: there is no {key}; {'did you mean' if near else 'there is'}: {listed}"


def _check_options(config: TrainingConfig, key: str) -> None:
    """Hold the options of the part that a key lies in against the types in its `build`."""
    field, _, _ = key.partition(".")
    if field not in _PARTS:
        return
    component: Component = getattr(config, field)
    types = registry.option_types(_PARTS[field], component.name)
    accepted = {name: kind for name, kind in types.items() if name not in _ADDED.get(field, ())}
    for name, value in component.options.items():
        if name not in accepted:
            wrong = f"{field}.options.{name}"
            raise ConfigError(_unknown(wrong, name, accepted, f"{field}.options."))
        _check_type(f"{field}.options.{name}", value, accepted[name])


def _check_type(key: str, value: object, annotation: Any) -> None:  # noqa: ANN401 (any type)
    try:
        TypeAdapter(annotation).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, (key, *fault["loc"])))
        raise ConfigError(f"--set {where}: {fault['msg']}, not {fault['input']!r}") from error
