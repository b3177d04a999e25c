"""POST /preview: the image that the model's graph is given."""

import io
from functools import partial
from time import perf_counter

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from PIL import Image

from app import errors
from app.api import problem_types
from app.api.bodies.images import ONE, Batch, body_schema, read_images
from app.api.bodies.media_type import answer_type
from app.api.bodies.parameters import query_parameters
from app.api.choices.images import ImageChoices
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running
from app.api.middleware.direct_route import DirectRoute
from app.batching.batch_runner import Job
from app.batching.image_input import Search, to_input
from app.catalog.catalog import Served
from app.telemetry.traces import Trace
from app.worker.service import Service

_MEDIA_TYPE = "image/png"

router = APIRouter(tags=["images"], route_class=DirectRoute)


@router.post(
    "/preview",
    summary="An image as a model sees it",
    response_class=Response,
    openapi_extra={
        "requestBody": body_schema(ONE),
        "parameters": [*query_parameters(ImageChoices), DEADLINE_PARAMETER],
    },
    responses={
        200: {
            "description": "The picture that the model's graph is given, pixel for pixel.",
            "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
        **problem_types.documented(
            *problem_types.BODY_ERRORS,
            *problem_types.IMAGE_ERRORS,
            errors.PartError,
            errors.TooManyImagesError,
        ),
    },
)
async def preview(request: Request) -> Response:
    """Show what is left of an image when it has been turned, cropped and scaled for a model.

    Of a model with a locator it is the crop around the thing that was located.

    A face at the rim, a page lying on its side, a sign in white on black: what the model is not
    given it cannot compare.
    """
    answer_type(request, _MEDIA_TYPE)
    answer: Response = await dispatch(request, running(request), _read, _make_job)
    return answer


_read = partial(read_images, ONE)


def _make_job(_: Request, service: Service, batch: Batch) -> Job:
    model = service.catalog.get(batch.choices.model)
    service.telemetry.chose(model.manifest)
    search = Search.of(model.locator, batch.aims(model.manifest), len(batch.images))
    return partial(_answer, service, model, batch, search, service.telemetry.trace())


def _answer(
    service: Service, model: Served, batch: Batch, search: Search | None, trace: Trace | None
) -> Response:
    began = perf_counter()
    given = to_input(batch.images, model.manifest.input, search, service.image_limits)
    service.telemetry.decoded(perf_counter() - began, trace)
    return Response(_png(given.pixels[0]), media_type=_MEDIA_TYPE)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode pixels, (height, width, channels), as a PNG file."""
    grey = pixels.shape[-1] == 1
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if grey else pixels).save(file, "PNG")
    return file.getvalue()
