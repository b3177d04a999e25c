"""Bodies of /embed and /preview: a form with image parts, or one image by itself."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from app import errors
from app.api.bodies import multipart
from app.api.bodies.form import FILE, FormParts
from app.api.bodies.media_type import media_type, unsupported
from app.api.bodies.parameters import from_form, from_query
from app.api.bodies.receive import receive_form, receive_image
from app.api.choices.images import ImageChoices
from app.api.choices.location import Landmarked, aims_of
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile
from app.worker.service import Service
from model.locating.locator import Aim
from model.manifest import Manifest

_PART = "image"
_FILE_EXAMPLE = "bytes of a file"

ONE = FormParts({_PART: "An image file."}, ImageChoices)
SEVERAL = FormParts(
    {_PART: "One image file or several, each as a part of this name."}, ImageChoices, several=True
)


@dataclass(frozen=True)
class Batch:
    """Images, and the parameters that came with them."""

    images: tuple[ImageFile, ...]
    choices: ImageChoices

    def aims(self, manifest: Manifest) -> tuple[Aim, ...] | None:
        """Return how the thing in each image is chosen; None for a model without a locator.

        Raises:
            ParameterError: `face` or `landmarks` do not go with the model or the images.
        """
        landmarked = Landmarked("landmarks", len(self.images), self.choices.landmarks)
        return aims_of(manifest, self.choices.face, [landmarked])


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
        request: The request, whose URL may hold parameters.
        service: Its settings bound the body.
        reservation: Counts the body's bytes.

    Raises:
        PartError: The form has no image.
        ParameterError: A parameter is in the URL and in the form.
        RequestError: The body cannot be read for another reason.
    """
    in_url = from_query(ImageChoices, request)
    kind = media_type(request)
    if kind == multipart.MEDIA_TYPE:
        return _from_form(await receive_form(request, service, reservation, parts), in_url)
    if kind.startswith("image/") or kind == "application/octet-stream":
        return Batch((await receive_image(request, service, reservation, _PART),), in_url)
    raise unsupported(request, "multipart/form-data, or one image as image/*")


def _from_form(form: multipart.Form, in_url: ImageChoices) -> Batch:
    if _PART not in form.images:
        raise errors.PartError(f"no part {_PART!r}; send at least one image")
    sent, in_form = (_sent(each) for each in (in_url, from_form(ImageChoices, form.fields)))
    for name in sent.keys() & in_form.keys():
        raise errors.ParameterError(f"{name}: given in the URL and in the body; give it once")
    return Batch(tuple(form.images[_PART]), ImageChoices(**sent, **in_form))


def _sent(choices: ImageChoices) -> dict[str, Any]:
    return {name: value for name, value in choices if value is not None}
