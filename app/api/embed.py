"""POST /embed: images in, embeddings out."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from app import errors
from app.api import multipart, problem_types
from app.api.body import media_type, receive_form, receive_whole, unsupported
from app.api.handover import Running, hand_over
from app.api.parameters import ModelChoice, from_fields
from app.api.schemas import EmbedAnswer, ModelReference
from app.budget import Share
from app.catalog import ServedModel
from app.image_input import ImageFile, to_tensor
from app.service import Service
from app.telemetry.traces import Trace

NPY = "application/x-npy"
_PART = "image"

router = APIRouter(tags=["embeddings"])


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
_AS_NPY: dict[int | str, dict[str, Any]] = {
    200: {"content": {NPY: {"schema": {"type": "string", "format": "binary"}}}},
}


@router.post(
    "/embed",
    summary="The embeddings of one image or several",
    response_model=EmbedAnswer,
    openapi_extra={"requestBody": _BODY},
    responses=_AS_NPY
    | problem_types.documented(
        *problem_types.BODY_ERRORS,
        *problem_types.IMAGE_ERRORS,
        errors.PartError,
        errors.TooManyImagesError,
    ),
)
async def embed(
    request: Request, service: Running, query: Annotated[ModelChoice, Query()]
) -> EmbedAnswer | Response:
    """Give one embedding for each image, in their order.

    With `Accept: application/x-npy` the answer is one NumPy array, float32 (n, dim), or uint8 for
    packed bits; the headers X-Model-Name, X-Model-Version and X-Model-SHA256 say whose.
    """
    read = partial(_read, request, service, query.model)
    as_npy = _accepts_npy(request)
    return await hand_over(request, service, read, partial(_prepare, service, as_npy=as_npy))


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


def _prepare(
    service: Service, batch: Batch, *, as_npy: bool
) -> Callable[[], EmbedAnswer | Response]:
    model = service.catalog.get_encoder(batch.model)
    service.telemetry.chose(model.manifest)
    trace = service.telemetry.trace()
    return partial(_answer, service, model, batch.images, trace, as_npy=as_npy)


def _answer(
    service: Service,
    model: ServedModel,
    images: tuple[ImageFile, ...],
    trace: Trace | None,
    *,
    as_npy: bool,
) -> EmbedAnswer | Response:
    began = perf_counter()
    tensor = to_tensor(images, model.manifest.input, service.image_limits)
    decoded = perf_counter()
    service.telemetry.decoded(decoded - began, trace)
    embeddings = model.encoder.embed(tensor)
    service.telemetry.inferred(perf_counter() - decoded, len(images), (trace,))
    reference = ModelReference.of(model.manifest)
    if as_npy:
        return _npy_response(embeddings, reference)
    return EmbedAnswer(
        embeddings=embeddings.tolist(), dim=model.manifest.embedding_dim, model=reference
    )


def _accepts_npy(request: Request) -> bool:
    accepted = request.headers.get("accept", "").lower().split(",")
    return any(entry.partition(";")[0].strip() == NPY for entry in accepted)


def _npy_response(embeddings: NDArray[Any], model: ModelReference) -> Response:
    file = io.BytesIO()
    np.save(file, embeddings, allow_pickle=False)
    headers = {
        "X-Model-Name": model.name,
        "X-Model-Version": model.version,
        "X-Model-SHA256": model.sha256,
    }
    return Response(file.getvalue(), media_type=NPY, headers=headers)
