"""Overrides, `--set key=value`: values of a config replaced by key and checked by type."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from model.errors import faults
from training import registry
from training.config.schema import ADDED_LATER, JSON_TYPES, TrainingConfig
from training.errors import ConfigError
from training.registry import Component, Part

_PARTS = {part.name.lower(): part for part in Part if part is not Part.PROTOCOL}
"""The fields of a config that name a part."""
_CONTEXT = {
    "network": {"spec"},
    "loss": {"dim", "identities"},
    "sampler": {"pairs"},
    "optimiser": {"parameters", "learning_rate"},
}
"""Arguments that the trainer passes to a part's `build`: they are no options."""
_UNRECORDED = {"name", "version", "seed", "card", "targets", "choice"}
"""Fields that do not make a variant: a record's name and a bundle's card hold them already."""


def override(config: TrainingConfig, overrides: Iterable[str]) -> TrainingConfig:
    """Replace values of a config, and record in its `settings` those that changed it.

    Each override is `key=value`, with a dotted key: `network.options.dropout=0.2`.

    Raises:
        ConfigError: Another form, an unknown key (similar ones are listed), or a value that the key
            cannot have.
    """
    given = [parse(text) for text in overrides]
    if not given:
        return config
    document = ADDED_LATER | config.model_dump(mode="json", exclude={"settings"})
    # A part's name comes before its options, which are those of the new part.
    for key, value in sorted(given, key=lambda pair: ".options" in pair[0]):
        _set_value(document, key, value)
    for name in {key.split(".")[0] for key, _ in given}:
        _check_type(name, document[name], JSON_TYPES[name])
    try:
        changed = TrainingConfig.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"--set: {faults(error)}") from error
    for key, _ in given:
        _check_options(changed, key)
    return _record(config, changed, dict(given))


def _record(before: TrainingConfig, after: TrainingConfig, given: dict[str, Any]) -> TrainingConfig:
    """Add the overrides that changed a value to those recorded before, sorted by key."""
    recorded = dict(text.split("=", 1) for text in before.settings)
    for key, value in given.items():
        # Setting a part's name clears its options, even where the name is the same.
        whole = key.removesuffix(".name")
        changed = value_at(before, whole) != value_at(after, whole)
        if changed and key.split(".")[0] not in _UNRECORDED:
            recorded[key] = _format(value)
    settings = tuple(f"{key}={text}" for key, text in sorted(recorded.items()))
    return after.model_copy(update={"settings": settings})


def _format(value: object) -> str:
    """Format a value for `--set`: text that is not JSON as it is, everything else as JSON."""
    if isinstance(value, str) and parse(f"key={value}")[1] == value:
        return value
    return json.dumps(value)


def value_at(config: TrainingConfig, key: str) -> Any:  # noqa: ANN401 (a value of any field)
    """Return the value at a dotted key; None for an option that is left to the part's default."""
    found: Any = config.model_dump(mode="json")
    for name in key.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def keys_of(overrides: Iterable[str]) -> list[str]:
    """Return the dotted keys of overrides."""
    return [parse(text)[0] for text in overrides]


def parse(text: str) -> tuple[str, Any]:
    """Parse `key=value`, with JSON, or text that is not JSON, as the value.

    Raises:
        ConfigError: There is no key, or no value.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set takes key=value, such as --set batch_size=64, not {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _set_value(document: dict[str, Any], key: str, value: object) -> None:
    """Set the value at a dotted key that exists, or that names an option of a part."""
    *parents, last = key.split(".")
    place: Any = document
    for depth, name in enumerate(parents, start=1):
        _check_key(".".join(parents[:depth]), place)
        place = place[name]
    if parents[-1:] != ["options"]:
        _check_key(key, place)
    place[last] = value
    if last == "name" and parents and parents[0] in _PARTS:
        place["options"] = {}


def _check_key(key: str, place: object) -> None:
    """Refuse a dotted key whose last step is not in its place, and list similar ones."""
    prefix, dot, name = key.rpartition(".")
    known = sorted(place) if isinstance(place, Mapping) else []
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    listed = ", ".join(prefix + dot + other for other in near or known) or "nothing below it"
    hint = "did you mean" if near else "there is"
    raise ConfigError(f"--set: there is no {key}; {hint}: {listed}")


def _check_options(config: TrainingConfig, key: str) -> None:
    """Check the options of the part that a key names against the types in its `build`."""
    field, _, _ = key.partition(".")
    if field not in _PARTS:
        return
    component: Component = getattr(config, field)
    types = registry.option_types(_PARTS[field], component.name)
    accepted = {name: kind for name, kind in types.items() if name not in _CONTEXT.get(field, ())}
    for name, value in component.options.items():
        option = f"{field}.options.{name}"
        _check_key(option, accepted)
        _check_type(option, value, accepted[name])


def _check_type(key: str, value: object, annotation: Any) -> None:  # noqa: ANN401 (any type)
    try:
        TypeAdapter(annotation).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, (key, *fault["loc"])))
        raise ConfigError(f"--set {where}: {fault['msg']}, not {fault['input']!r}") from error
