"""POST /embed: images in, embeddings out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray

from app import errors
from app.api import multipart, npy, problem_types
from app.api.body import media_type, receive_form, receive_whole, unsupported
from app.api.handover import DEADLINE_PARAMETER, hand_over, running
from app.api.parameters import ModelChoice, from_fields, from_query, query_parameters
from app.api.route import DirectRoute, json_response
from app.api.schemas import EmbedAnswer, ModelReference
from app.budget import Share
from app.catalog import ServedModel
from app.encoding import EncodeJob, Job
from app.image_input import ImageFile
from app.service import Service

_PART = "image"

router = APIRouter(tags=["embeddings"], route_class=DirectRoute)


@dataclass(frozen=True)
class Batch:
    """Images to be embedded, and by which model."""

    images: tuple[ImageFile, ...]
    model: str | None


_IMAGE: dict[str, Any] = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        multipart.MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": [_PART],
                "properties": {
                    _PART: {
                        "type": "array",
                        "items": _IMAGE,
                        "minItems": 1,
                        "description": "One image file or several, each as a part of this name.",
                    },
                    **ModelChoice.model_json_schema()["properties"],
                },
            }
        },
        "image/*": {"schema": _IMAGE},
    },
}


@router.post(
    "/embed",
    summary="The embeddings of one image or several",
    response_model=EmbedAnswer,
    openapi_extra={
        "requestBody": _BODY,
        "parameters": [*query_parameters(ModelChoice), DEADLINE_PARAMETER],
    },
    responses=npy.AS_NPY
    | problem_types.documented(
        *problem_types.BODY_ERRORS,
        *problem_types.IMAGE_ERRORS,
        errors.PartError,
        errors.TooManyImagesError,
    ),
)
async def embed(request: Request) -> Response:
    """Give one embedding for each image, in their order.

    With `Accept: application/x-npy` the answer is one NumPy array, float32 (n, dim), or uint8 for
    packed bits; the headers X-Model-Name, X-Model-Version and X-Model-SHA256 say whose.
    """
    service = running(request)
    model = from_query(ModelChoice, request).model
    as_npy = npy.is_accepted(request)
    read = partial(_read, request, service, model)
    answer: Response = await hand_over(
        request, service, read, partial(_prepare, service, as_npy=as_npy)
    )
    return answer


async def _read(request: Request, service: Service, model: str | None, share: Share) -> Batch:
    kind = media_type(request)
    if kind == multipart.MEDIA_TYPE:
        expected = multipart.Expected(
            {_PART: service.settings.max_images},
            frozenset(ModelChoice.model_fields),
            service.settings.max_image_bytes,
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


def _prepare(service: Service, batch: Batch, *, as_npy: bool) -> Job:
    model = service.catalog.get_encoder(batch.model)
    service.telemetry.chose(model.manifest)
    answer = partial(_answer, model, as_npy=as_npy)
    return EncodeJob(model, batch.images, service.image_limits, answer, service.telemetry.trace())


def _answer(model: ServedModel, embeddings: NDArray[Any], *, as_npy: bool) -> Response:
    """The response, made in the runner: for many images its encoding takes a while."""
    reference = ModelReference.of(model.manifest)
    if as_npy:
        return npy.response(embeddings, reference)
    # What was computed here needs no validation, which would visit every number.
    return json_response(
        EmbedAnswer.model_construct(
            embeddings=embeddings.tolist(), dim=model.manifest.embedding_dim, model=reference
        )
    )
