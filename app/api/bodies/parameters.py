"""Parameters of a request: parsed from a form, JSON or the URL, with errors that name the field."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from app.api.bodies import strict_json
from app.errors import BodyTooLargeError, ParameterError, UnreadableBodyError

_MAX_ERRORS = 10
_NUMBER = re.compile(r"\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?\s*", re.ASCII | re.IGNORECASE)
"""A number as text; Python's `float` would also take 1_5 and digits of other scripts."""
_WHOLE = re.compile(r"[-+]?\d{1,9}", re.ASCII)
_MESSAGES = {
    "extra_forbidden": "this call has no such parameter; it takes {names}",
    "missing": "is missing, and this call needs it",
    "float_type": "not a number; write it as 0.5 or 1e-3, in JSON without quotes",
    "int_type": "not a whole number; write it as 3, in JSON without quotes",
    "string_type": "not a text",
    "list_type": "not a list; write five landmarks as [[x, y], [x, y], …]",
    "model_type": "not a JSON object; send one with the members {names}",
}
"""Messages by pydantic's type of error; other types keep pydantic's own message."""


Fields = TypeVar("Fields", bound=BaseModel)


def from_form(kind: type[Fields], fields: Mapping[str, str]) -> Fields:
    """Parse the text fields of a form. An empty one counts as absent: HTML forms send every field.

    Raises:
        ParameterError: A parameter is unknown or has an invalid value.
    """
    return _from_texts(kind, {name: text for name, text in fields.items() if text})


def from_json(kind: type[Fields], body: bytes, max_values: int) -> Fields:
    """Parse a JSON body.

    Args:
        kind: The model of the body.
        body: The bytes.
        max_values: Approximate maximum number of values. A value of two bytes takes some 40 bytes
            as an object, so the body's size does not bound the memory.

    Raises:
        BodyTooLargeError: The body holds more values.
        UnreadableBodyError: Not JSON.
        ParameterError: A field is missing, unknown, repeated, or has an invalid value.
    """
    if body.count(b",") > max_values:
        raise BodyTooLargeError(
            f"the JSON holds more than the {max_values:,} values that are taken"
        )
    return _validated(kind, strict_json.load(body))


def from_query(kind: type[Fields], request: Request) -> Fields:
    """Parse the parameters of a request's URL.

    Raises:
        ParameterError: A parameter is unknown, repeated, empty, or has an invalid value.
    """
    pairs = request.query_params.multi_items()
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ParameterError("a parameter stands in the URL twice; give it once")
    for name, text in pairs:
        if not text:
            raise ParameterError.of(name, "is empty in the URL; give it a value, or leave it out")
    return _from_texts(kind, fields)


def _from_texts(kind: type[Fields], fields: Mapping[str, str]) -> Fields:
    readers = _readers(kind)
    return _validated(
        kind, {name: readers.get(name, _as_it_is)(text) for name, text in fields.items()}
    )


@cache
def _readers(kind: type[BaseModel]) -> Mapping[str, Callable[[str], object]]:
    """Return a function for each parameter that reads its text.

    It returns the number or list in the text if the field is one; others are refused later.
    """
    return {name: _reader(field) for name, field in kind.model_fields.items()}


def _reader(field: FieldInfo) -> Callable[[str], object]:
    kinds = (field.annotation, *get_args(field.annotation))
    if any(_is_list(kind) for kind in kinds):
        return _to_list
    if int in kinds:
        return _to_whole_number
    return _to_any_number if float in kinds else _as_it_is


def _is_list(kind: object) -> bool:
    return get_origin(kind) is list or get_origin(next(iter(get_args(kind)), None)) is list


def _as_it_is(text: str) -> object:
    return text


def _to_whole_number(text: str) -> object:
    return int(text) if _WHOLE.fullmatch(text) else text


def _to_any_number(text: str) -> object:
    number = to_number(text)
    return text if number is None else number


def _to_list(text: str) -> object:
    """Return the value of a text that is JSON, else the text."""
    try:
        return strict_json.load(text.encode())
    except UnreadableBodyError:
        return text


def to_number(text: str) -> float | None:
    """Return the number in a text, or None; blanks around it are skipped."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _validated(kind: type[Fields], value: object) -> Fields:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        names = ", ".join(kind.model_fields)
        raise to_parameter_error(
            error.errors(include_url=False, include_input=False), names
        ) from error


def query_parameters(kind: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the OpenAPI entries of parameters that `from_query` parses."""
    properties = kind.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.get("description", ""),
            "schema": {k: v for k, v in schema.items() if k != "description"},
        }
        for name, schema in properties.items()
    ]


def to_parameter_error(parts: Sequence[Any], names: str = "") -> ParameterError:
    """Turn pydantic's list of errors into one of ours, without the caller's values.

    Args:
        parts: As pydantic's `ValidationError.errors` returns them.
        names: The names of the parameters, for the message.
    """
    entries = [
        {"field": _path(part["loc"]), "message": _message(part, names)}
        for part in parts[:_MAX_ERRORS]
    ]
    sentence = "; ".join(f"{entry['field']}: {entry['message']}" for entry in entries)
    return ParameterError(sentence, entries)


def _message(part: Mapping[str, Any], names: str) -> str:
    message = _MESSAGES.get(part["type"])
    return str(part["msg"]) if message is None else message.format(names=names)


def _path(location: Sequence[object]) -> str:
    return ".".join(str(step)[:100] for step in location) or "body"
