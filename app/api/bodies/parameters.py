"""Parameters of a request: parsed from a form, JSON or the URL, with errors that name the field."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import BodyTooLargeError, ParameterError, UnreadableBodyError

_MAX_ERRORS = 10


class Choices(BaseModel):
    """The model and the threshold of a decision. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )
    threshold: float | None = Field(
        None,
        description="Your own threshold on the energy. It goes before `fmr`.",
        examples=[1.03],
    )
    fmr: float | None = Field(
        None,
        ge=0,
        le=1,
        description="A supported target false match rate, as in GET /models.",
        examples=[0.01],
    )


class ModelChoice(BaseModel):
    """The model that answers. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )


Fields = TypeVar("Fields", bound=BaseModel)


def from_fields(kind: type[Fields], fields: Mapping[str, str]) -> Fields:
    """Parse parameters given as text: form fields, or a query.

    Raises:
        ParameterError: A parameter is unknown or has an invalid value.
    """
    try:
        return kind.model_validate(dict(fields))
    except ValidationError as error:
        raise to_parameter_error(error.errors()) from error


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
        ParameterError: A field is missing, unknown, or has an invalid value.
    """
    if body.count(b",") > max_values:
        raise BodyTooLargeError(
            f"the JSON holds more than the {max_values:,} values that are taken"
        )
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise UnreadableBodyError(f"the body is not JSON: {first['msg']}") from error
        raise to_parameter_error(error.errors()) from error


def from_query(kind: type[Fields], request: Request) -> Fields:
    """Parse the parameters of a request's URL.

    Raises:
        ParameterError: A parameter is unknown, repeated, or has an invalid value.
    """
    pairs = request.query_params.multi_items()
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ParameterError("a parameter stands in the URL twice; give it once")
    return from_fields(kind, fields)


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


def to_parameter_error(parts: Sequence[Any]) -> ParameterError:
    """Turn pydantic's list of errors into one of ours, without the caller's values."""
    entries = [
        {"field": _path(part["loc"]), "message": str(part["msg"])} for part in parts[:_MAX_ERRORS]
    ]
    sentence = "; ".join(f"{entry['field']}: {entry['message']}" for entry in entries)
    return ParameterError(sentence, entries)


def _path(location: Sequence[object]) -> str:
    return ".".join(str(step)[:100] for step in location) or "body"
