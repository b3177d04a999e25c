"""POST /embed: images in, embeddings out."""

from functools import partial

from fastapi import APIRouter, Request, Response

from app import errors
from app.api import examples, problem_types
from app.api.bodies import npy
from app.api.bodies.images import SEVERAL, Batch, body_schema, read_images
from app.api.bodies.parameters import query_parameters
from app.api.choices.images import ImageChoices
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.schemas.answer import ModelReference
from app.api.schemas.decisions import EmbedAnswer
from app.api.schemas.domain import DomainAnswer
from app.api.schemas.location import located_of
from app.batching.batch_runner import Encoded, EncodeJob, Job
from app.batching.image_input import ImageFile
from app.catalog.catalog import ServedModel
from app.domain import check_images
from app.worker.service import Service

router = APIRouter(tags=["embeddings"], route_class=DirectRoute)


@router.post(
    "/embed",
    summary="The embeddings of one image or several",
    response_model=EmbedAnswer,
    openapi_extra={
        "requestBody": body_schema(SEVERAL),
        "parameters": [*query_parameters(ImageChoices), DEADLINE_PARAMETER],
    },
    responses=npy.with_array(examples.answered("/embed"))
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
    packed bits; the headers X-Model-Name, X-Model-Version, X-Model-SHA256 and X-Model-Precision
    say whose, and X-Domain-Status and X-Domain-Out whether the images are like those of the
    calibration.
    """
    make_job = partial(_make_job, as_npy=npy.is_accepted(request))
    answer: Response = await dispatch(request, running(request), _read, make_job)
    return answer


_read = partial(read_images, SEVERAL)


def _make_job(_: Request, service: Service, batch: Batch, *, as_npy: bool) -> Job:
    model = service.catalog.get_encoder(batch.choices.model)
    service.telemetry.chose(model.manifest)
    answer = partial(_answer, service, model, batch.images, as_npy=as_npy)
    trace = service.telemetry.trace()
    aims = batch.aims(model.manifest)
    return EncodeJob(model, batch.images, service.image_limits, answer, trace, aims)


def _answer(
    service: Service,
    model: ServedModel,
    files: tuple[ImageFile, ...],
    encoded: Encoded,
    *,
    as_npy: bool,
) -> Response:
    """Return the response. It is made by the runner, since many embeddings take long to encode."""
    names = [file.name for file in files]
    domain = check_images(model.domain, model.manifest, names, encoded.percentiles)
    service.telemetry.checked(model.manifest, domain)
    reference = ModelReference.of(model.manifest)
    if as_npy:
        return npy.response(
            encoded.embeddings, reference, npy.domain_headers(domain.status, domain.out)
        )
    # Without validation, which would visit every number: the values were computed here.
    return json_response(
        EmbedAnswer.model_construct(
            embeddings=encoded.embeddings.tolist(),
            dim=model.manifest.embedding_dim,
            located=located_of(model.manifest, encoded.located),
            domain=DomainAnswer.of(domain),
            model=reference,
        )
    )
