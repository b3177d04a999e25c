"""Bodies of /embed and /preview: a form with image parts, or one image by itself."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from app import errors
from app.api.bodies import multipart
from app.api.bodies.form import FILE, FormParts
from app.api.bodies.media_type import media_type, unsupported
from app.api.bodies.parameters import ModelChoice, from_form, from_query
from app.api.bodies.receive import receive_form, receive_image
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile
from app.worker.service import Service

_PART = "image"
_FILE_EXAMPLE = "bytes of a file"

ONE = FormParts({_PART: "An image file."}, ModelChoice)
SEVERAL = FormParts(
    {_PART: "One image file or several, each as a part of this name."}, ModelChoice, several=True
)


@dataclass(frozen=True)
class Batch:
    """Images, and the name of the model that they are for; None for the default one."""

    images: tuple[ImageFile, ...]
    model: str | None


def body_schema(parts: FormParts) -> dict[str, Any]:
    """Return the OpenAPI entry of such a body."""
    image = [_FILE_EXAMPLE, _FILE_EXAMPLE] if parts.several else _FILE_EXAMPLE
    example = {_PART: image, "model": "faces"}
    return {
        "required": True,
        "content": {
            multipart.MEDIA_TYPE: {"schema": parts.schema(), "example": example},
            "image/*": {"schema": FILE},
        },
    }


async def read_images(
    parts: FormParts, request: Request, service: Service, reservation: Reservation
) -> Batch:
    """Read the images of a request.

    Args:
        parts: The form that the call takes.
        request: The request, whose URL may name the model.
        service: Its settings bound the body.
        reservation: Counts the body's bytes.

    Raises:
        PartError: The form has no image.
        ParameterError: The model is named in the URL and in the form.
        RequestError: The body cannot be read for another reason.
    """
    model = from_query(ModelChoice, request).model
    kind = media_type(request)
    if kind == multipart.MEDIA_TYPE:
        return _from_form(await receive_form(request, service, reservation, parts), model)
    if kind.startswith("image/") or kind == "application/octet-stream":
        return Batch((await receive_image(request, service, reservation, _PART),), model)
    raise unsupported(request, "multipart/form-data, or one image as image/*")


def _from_form(form: multipart.Form, model: str | None) -> Batch:
    if _PART not in form.images:
        raise errors.PartError(f"no part {_PART!r}; send at least one image")
    in_form = from_form(ModelChoice, form.fields).model
    if model is not None and in_form is not None:
        raise errors.ParameterError("model: given in the URL and in the body; give it once")
    return Batch(tuple(form.images[_PART]), model if in_form is None else in_form)
