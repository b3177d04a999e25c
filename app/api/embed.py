"""POST /embed: images in, embeddings out."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray

from app import errors
from app.api import examples, problem_types
from app.api.bodies import npy
from app.api.bodies.images import SEVERAL, Batch, body_schema, read_images
from app.api.bodies.parameters import ModelChoice, from_query, query_parameters
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.schemas import EmbedAnswer, ModelReference
from app.batching.batch_runner import EncodeJob, Job
from app.catalog.catalog import ServedModel
from app.worker.service import Service

router = APIRouter(tags=["embeddings"], route_class=DirectRoute)


@router.post(
    "/embed",
    summary="The embeddings of one image or several",
    response_model=EmbedAnswer,
    openapi_extra={
        "requestBody": body_schema(SEVERAL),
        "parameters": [*query_parameters(ModelChoice), DEADLINE_PARAMETER],
    },
    responses=npy.beside(examples.answered("/embed"))
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
    read = partial(read_images, request, service, model, service.settings.max_images)
    answer: Response = await dispatch(
        request, service, read, partial(_prepare, service, as_npy=as_npy)
    )
    return answer


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
