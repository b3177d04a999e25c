"""JSON as the values of `results` and `manifest`, which are described by their type hints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def parse(kind: Any, value: Any) -> Any:  # noqa: ANN401 (types are data here)
    """Return a JSON value as one of a type; members that a dataclass lacks are ignored.

    Args:
        kind: A dataclass, `X | None`, tuple, dict, Literal, or a scalar type.
        value: Taken from a JSON document.

    Raises:
        AttributeError, KeyError, TypeError or ValueError: The value is not of that type.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _parse_object(kind, value)
    if origin in {UnionType, Union}:  # A Literal makes the latter.
        return None if value is None else parse(arguments[0], value)
    if origin is tuple:
        kinds = arguments[:1] * len(value) if arguments[1] is Ellipsis else arguments
        return tuple(parse(*pair) for pair in zip(kinds, value, strict=True))
    if origin is dict:
        return {name: parse(arguments[1], member) for name, member in value.items()}
    if origin is Literal:
        return arguments[arguments.index(value)]
    return _parse_scalar(kind, value)


def json_name(field: str) -> str:
    """Return a field's name in JSON: `input_` avoids the built-in of that name."""
    return field.rstrip("_")


def _parse_object(kind: Any, members: Mapping[str, Any]) -> Any:  # noqa: ANN401
    found = {
        name: parse(hint, members[json_name(name)])
        for name, hint in _hints(kind).items()
        if json_name(name) in members
    }
    return kind(**found)  # Raises TypeError where a member without a default is absent.


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _parse_scalar(kind: Any, value: Any) -> Any:  # noqa: ANN401
    if kind is Any:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{value!r} where a {kind.__name__} is expected")
    return value
