"""Bodies with the images, or the embeddings, of one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Request
from pydantic import Field, WithJsonSchema, create_model

from app import errors
from app.api.bodies import json_body, multipart
from app.api.bodies.form import FILE, FormParts
from app.api.bodies.json_body import JsonReader
from app.api.bodies.json_vectors import JsonProbe, Rows, VectorLimits
from app.api.bodies.media_type import media_type, unsupported
from app.api.bodies.parameters import from_form, from_json, from_query
from app.api.bodies.receive import receive_form, receive_image, receive_json, refuse_query
from app.api.choices.galleries import LocatedChoices
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile
from app.worker.service import Service

_PART = "image"
_MAX_OUTLINE_VALUES = 16
_FILE_EXAMPLE = "bytes of a file"

Chosen = TypeVar("Chosen", bound=LocatedChoices)

_EMBEDDING = {
    "anyOf": [
        {"type": "array", "items": {"type": "number"}},
        {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "minItems": 1},
    ]
}
_Embedding = Annotated[
    list[float],
    WithJsonSchema(_EMBEDDING),
    Field(description="An embedding, or a list of those of several images of one thing."),
]
_Sha256 = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="`sha256` of the model that computed it, as /embed answers it.",
    ),
]


@dataclass(frozen=True)
class Sent(Generic[Chosen]):
    """The body of a call.

    Attributes:
        choices: Its parameters.
        images: The images; empty where embeddings were sent.
        rows: The embeddings, shape (n, width); None where images were sent.
        sha256: The model that computed them.
    """

    choices: Chosen
    images: tuple[ImageFile, ...] = ()
    rows: Rows | None = None
    sha256: str = ""


class GalleryBody(Generic[Chosen]):
    """The body of a call: a form, one image by itself, or JSON with embeddings.

    Args:
        choices: The parameters of the call.
        several: Whether there may be several images.
    """

    def __init__(self, choices: type[Chosen], *, several: bool) -> None:
        self._choices, self._several = choices, several
        text = "One image file or several of one thing." if several else "An image file."
        self._form = FormParts({_PART: text}, choices, several=several)
        fields: dict[str, Any] = {"embedding": (_Embedding, ...), "sha256": (_Sha256, ...)}
        self._json = create_model(f"{choices.__name__}Json", __base__=choices, **fields)

    def schema(self, sha256: str, **example: float) -> dict[str, Any]:
        """Return the OpenAPI entry of the body, with an example."""
        image = [_FILE_EXAMPLE, _FILE_EXAMPLE] if self._several else _FILE_EXAMPLE
        sent = {"embedding": [0.6, 0.8], "sha256": sha256, **example}
        return {
            "required": True,
            "content": {
                multipart.MEDIA_TYPE: {
                    "schema": self._form.schema(),
                    "example": {_PART: image, **example},
                },
                json_body.MEDIA_TYPE: {
                    "schema": self._json.model_json_schema(),
                    "example": sent,
                },
                "image/*": {"schema": FILE},
            },
        }

    async def read(
        self, request: Request, service: Service, reservation: Reservation
    ) -> Sent[Chosen]:
        """Read the body of a request.

        Raises:
            PartError: There is no image.
            RequestError: The body cannot be read for another reason.
        """
        kind = media_type(request)
        if kind == json_body.MEDIA_TYPE:
            return await self._read_json(request, service, reservation)
        if kind == multipart.MEDIA_TYPE:
            refuse_query(request)
            form = await receive_form(request, service, reservation, self._form)
            if _PART not in form.images:
                raise errors.PartError(f"no part {_PART!r}; send at least one image")
            return Sent(from_form(self._choices, form.fields), _numbered(form.images[_PART]))
        if kind.startswith("image/") or kind == "application/octet-stream":
            choices = from_query(self._choices, request)
            return Sent(choices, (await receive_image(request, service, reservation, _PART),))
        raise unsupported(request, "multipart/form-data, one image as image/*, or application/json")

    async def _read_json(
        self, request: Request, service: Service, reservation: Reservation
    ) -> Sent[Chosen]:
        refuse_query(request)
        most = service.settings.max_images if self._several else 1
        width = max(model.manifest.embedding_dim for model in service.catalog.served.values())
        rows = JsonProbe(VectorLimits(most, most * width, width), reservation.take)
        reader = JsonReader({"embedding": rows}, _MAX_OUTLINE_VALUES)
        outline = await receive_json(request, service, reservation, reader)
        sent = from_json(self._json, outline, _MAX_OUTLINE_VALUES)
        reader.check_met("embedding")
        names = self._choices.model_fields
        choices = self._choices.model_validate({name: getattr(sent, name) for name in names})
        return Sent(choices, (), rows.rows, str(getattr(sent, "sha256", "")))


def _numbered(files: Sequence[ImageFile]) -> tuple[ImageFile, ...]:
    """Return the images, of which the first of several is numbered like the others."""
    if len(files) == 1:
        return tuple(files)
    return (replace(files[0], name=f"{_PART}[0]"), *files[1:])
