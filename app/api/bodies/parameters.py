"""What a caller may set beside the images, and how a bad value is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import BodyTooLargeError, ParameterError, UnreadableBodyError

_MOST_ERRORS_TOLD = 10


class Choices(BaseModel):
    """Which model answers, and by which threshold. An unknown field is an error."""

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
    """Which model answers. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )


Fields = TypeVar("Fields", bound=BaseModel)


def from_fields(kind: type[Fields], fields: Mapping[str, str]) -> Fields:
    """Read parameters that came as text: form fields, or a query.

    Raises:
        ParameterError: One is unknown or has a value that cannot be used.
    """
    try:
        return kind.model_validate(dict(fields))
    except ValidationError as error:
        raise to_parameter_error(error.errors()) from error


def from_json(kind: type[Fields], body: bytes, most_values: int) -> Fields:
    """Read a JSON body.

    Args:
        kind: What it has to be.
        body: The bytes.
        most_values: The most values that it may hold, roughly. A value of two bytes takes some
            forty as an object, so a body's size does not bound the memory that it takes.

    Raises:
        BodyTooLargeError: It holds more values than that.
        UnreadableBodyError: Not JSON.
        ParameterError: A field is missing, unknown, or has a value that cannot be used.
    """
    if body.count(b",") > most_values:
        raise BodyTooLargeError(
            f"the JSON holds more than the {most_values:,} values that are taken"
        )
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise UnreadableBodyError(f"the body is not JSON: {first['msg']}") from error
        raise to_parameter_error(error.errors()) from error


def from_query(kind: type[Fields], request: Request) -> Fields:
    """Read parameters from a request's URL.

    Raises:
        ParameterError: One is unknown, there twice, or has a value that cannot be used.
    """
    pairs = request.query_params.multi_items()
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ParameterError("a parameter stands in the URL twice; give it once")
    return from_fields(kind, fields)


def query_parameters(kind: type[BaseModel]) -> list[dict[str, Any]]:
    """The OpenAPI entries of parameters that are read by `from_query`."""
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
    """Turn pydantic's list of errors into one of ours, which repeats no value of the caller's."""
    told = [{"field": _path(part["loc"]), "message": str(part["msg"])} for part in parts]
    told = told[:_MOST_ERRORS_TOLD]
    sentence = "; ".join(f"{entry['field']}: {entry['message']}" for entry in told)
    return ParameterError(sentence, told)


def _path(location: Sequence[object]) -> str:
    return ".".join(str(step)[:100] for step in location) or "body"
