"""Parameters of a request: parsed from a form, JSON or the URL, with errors that name the field."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from app.api.bodies import strict_json
from app.errors import BodyTooLargeError, ParameterError
from app.zone import Costs

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
    "model_type": "not a JSON object; send one with the members {names}",
}
"""Messages by pydantic's type of error; other types keep pydantic's own message."""


class Choices(BaseModel):
    """The model and the threshold of a decision. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )
    threshold: float | None = Field(
        None,
        description=(
            "Your own threshold on the energy. It goes before `fmr`. No energy of two embeddings "
            "is negative; a pair model's may be."
        ),
        examples=[1.03],
    )
    fmr: float | None = Field(
        None,
        ge=0,
        le=1,
        description="A supported target false match rate, as in GET /models.",
        examples=[0.01],
    )


class VerifyChoices(Choices):
    """The choices of /verify, which may ask for a zone of energies that are neither."""

    cost_false_match: float | None = Field(
        None,
        gt=0,
        description=(
            "Cost of calling different things the same; a decision of `unsure`, such as a look by "
            "a person, costs 1. `decision` is then the outcome of the least expected cost. Goes "
            "with `cost_false_non_match`, and without `threshold`, `fmr` and `fnmr`."
        ),
        examples=[100],
    )
    cost_false_non_match: float | None = Field(
        None,
        gt=0,
        description="Cost of calling the same thing different, in the same unit.",
        examples=[10],
    )
    prior: float | None = Field(
        None,
        gt=0,
        lt=1,
        description=(
            "Share of genuine pairs (same) among the pairs that you ask about; goes with the "
            "costs. Default 0.5."
        ),
        examples=[0.5],
    )
    fnmr: float | None = Field(
        None,
        gt=0,
        lt=1,
        description=(
            "A target false non-match rate; goes with `fmr`. `decision` is then `same` up to the "
            "threshold of `fmr`, `different` above that of `fnmr`, and else `unsure`."
        ),
        examples=[0.05],
    )

    def costs(self) -> Costs | None:
        """Return the costs that were sent; None where none were.

        Raises:
            ParameterError: A parameter stands without those that it needs, or beside one that it
                excludes.
        """
        self._check_targets()
        false_match, false_non_match = self.cost_false_match, self.cost_false_non_match
        if false_match is None and false_non_match is None:
            if self.prior is not None:
                raise ParameterError.of("prior", "send it with both costs")
            return None
        if false_match is None:
            raise ParameterError.of("cost_false_match", "is missing; send both costs or none")
        if false_non_match is None:
            raise ParameterError.of("cost_false_non_match", "is missing; send both costs or none")
        for name in ("threshold", "fmr"):
            if getattr(self, name) is not None:
                raise ParameterError.of(name, "send either this or costs")
        return Costs(false_match, false_non_match, 0.5 if self.prior is None else self.prior)

    def _check_targets(self) -> None:
        if self.fnmr is None:
            return
        if self.fmr is None:
            raise ParameterError.of("fnmr", "send it with `fmr`, the other target rate")
        if self.threshold is not None:
            raise ParameterError.of("threshold", "send either this or `fmr` with `fnmr`")


class CompareChoices(Choices):
    """The choices of /compare: numbers of images, and a false positive rate of a whole gallery."""

    probe_images: int | None = Field(
        None,
        ge=1,
        description=(
            "Images of the probe: so many rows of the array come before the gallery. In JSON it is "
            "the number of embeddings in `probe`, and need not be sent. Default 1."
        ),
        examples=[1],
    )
    gallery_images: int = Field(
        1,
        ge=1,
        description=(
            "Images of each thing in the gallery: so many consecutive rows are one thing's, and "
            "have one energy and one decision together."
        ),
        examples=[1],
    )
    fpir: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "A supported target false positive identification rate: the share of probes of "
            "people who are not in the gallery that match any of its rows. Goes without `fmr`; "
            "`threshold` goes before it."
        ),
        examples=[0.05],
    )


class ModelChoice(BaseModel):
    """The model that answers. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )


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
    known = kind.model_fields
    return _validated(
        kind,
        {name: _value(known.get(name), text) for name, text in fields.items()},
    )


def _value(field: FieldInfo | None, text: str) -> float | str:
    """Return the number in a text if the field is one; text that is none is refused later."""
    kinds = () if field is None else (field.annotation, *get_args(field.annotation))
    if int in kinds:
        return int(text) if _WHOLE.fullmatch(text) else text
    if float not in kinds:
        return text
    number = to_number(text)
    return text if number is None else number


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
