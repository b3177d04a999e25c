"""Images as a request's body: parts of a form, or one image by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from app import errors
from app.api.bodies import multipart
from app.api.bodies.parameters import ModelChoice, from_fields
from app.api.bodies.receive import media_type, receive_form, receive_whole, unsupported
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile
from app.worker.service import Service

_PART = "image"
_IMAGE: dict[str, Any] = {"type": "string", "format": "binary"}


@dataclass(frozen=True)
class Batch:
    """Images, and the model that they are for."""

    images: tuple[ImageFile, ...]
    model: str | None


def body_schema(part: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI entry of such a body.

    Args:
        part: The schema of the form's part `image`.
    """
    form = {
        "type": "object",
        "required": [_PART],
        "properties": {_PART: part, **ModelChoice.model_json_schema()["properties"]},
    }
    file = "bytes of a file"
    example = {_PART: [file, file] if part is SEVERAL else file, "model": "faces"}
    return {
        "required": True,
        "content": {
            multipart.MEDIA_TYPE: {"schema": form, "example": example},
            "image/*": {"schema": _IMAGE},
        },
    }


ONE: dict[str, Any] = {**_IMAGE, "description": "An image file."}
SEVERAL: dict[str, Any] = {
    "type": "array",
    "items": _IMAGE,
    "minItems": 1,
    "description": "One image file or several, each as a part of this name.",
}


async def read_images(
    request: Request, service: Service, model: str | None, most: int, share: Reservation
) -> Batch:
    """Read the images of a request.

    Args:
        request: Whose body it is.
        service: Whose bounds hold.
        model: The one that the URL names, if it does.
        most: How many images are taken.
        share: Of the bytes that all bodies may hold.

    Raises:
        PartError: The form has no image.
        ParameterError: The model is named in the URL and in the form.
        RequestError: What else makes a body unreadable.
    """
    kind = media_type(request)
    if kind == multipart.MEDIA_TYPE:
        expected = multipart.Expected(
            {_PART: most}, frozenset(ModelChoice.model_fields), service.settings.max_image_bytes
        )
        return _from_form(await receive_form(request, service, share, expected), model)
    if kind.startswith("image/") or kind == "application/octet-stream":
        whole = await receive_whole(request, service, share)
        return Batch((ImageFile(_PART, whole),), model)
    raise unsupported(request, "multipart/form-data, or one image as image/*")


def _from_form(form: multipart.Form, model: str | None) -> Batch:
    if _PART not in form.images:
        raise errors.PartError(f"no part {_PART!r}; send at least one image")
    in_form = from_fields(ModelChoice, form.fields).model
    if model is not None and in_form is not None:
        raise errors.ParameterError("model: given in the URL and in the body; give it once")
    return Batch(tuple(form.images[_PART]), model if in_form is None else in_form)
