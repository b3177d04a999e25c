"""POST /compare: decisions on embeddings that the caller has stored; no image is needed."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError

from app import errors
from app.api import examples, problem_types
from app.api.bodies import npy
from app.api.bodies.media_type import media_type, unsupported
from app.api.bodies.parameters import Choices, from_json, from_query, query_parameters
from app.api.bodies.receive import receive_whole, refuse_query
from app.api.bodies.streamed_gallery import StreamedGallery, check_gallery
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running, stream
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.schemas import CompareAnswer, ModelReference, OperatingPointAnswer
from app.batching.batch_runner import Job
from app.batching.byte_budget import Reservation
from app.catalog.catalog import ServedModel
from app.decision import Comparison, choose_threshold, compare, to_vectors
from app.worker.service import Service
from model.errors import OperatingPointError, VectorError
from model.scoring import Choice

_MAX_JSON_NUMBERS = 3_000_000
"""A number of a few bytes takes some 40 bytes as an object; larger galleries come as .npy."""

router = APIRouter(tags=["decisions"], route_class=DirectRoute)


class CompareJson(Choices):
    """One probe, and the gallery that it is compared with."""

    probe: list[float] = Field(description="An embedding of the model.")
    gallery: list[list[float]] = Field(description="Embeddings of the same model.", min_length=1)


_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": CompareJson.model_json_schema(),
            "example": examples.COMPARISON,
        },
        npy.MEDIA_TYPE: {
            "schema": {
                "type": "string",
                "format": "binary",
                "description": (
                    "One NumPy array, (1 + n, dim), as /embed answers: the probe, then the "
                    "gallery. `model`, `threshold` and `fmr` then stand in the URL."
                ),
            }
        },
    },
}


@router.post(
    "/compare",
    name="compare",
    summary="Compare one embedding with many",
    response_model=CompareAnswer,
    openapi_extra={
        "requestBody": _BODY,
        "parameters": [*query_parameters(Choices), DEADLINE_PARAMETER],
    },
    responses=npy.with_array(examples.answered("/compare"))
    | problem_types.documented(*problem_types.BODY_ERRORS, VectorError, OperatingPointError),
)
async def compare_embeddings(request: Request) -> Response:
    """Give the energy and the decision for each row of a gallery.

    Embeddings of different models, or of different versions of one, cannot be compared: keep the
    `sha256` of the model beside them. With `Accept: application/x-npy` the answer is the energies
    alone, float32 (n,), and the headers X-Threshold and X-Model-SHA256 say the rest.
    """
    service = running(request)
    if media_type(request) == npy.MEDIA_TYPE:
        return await _stream(request, service)
    answer: Response = await dispatch(request, service, _read, _make_job)
    return answer


async def _stream(request: Request, service: Service) -> Response:
    """Compare a gallery while it arrives; no chunk is kept."""
    choices = from_query(Choices, request)
    model, choice = _chosen(service, choices)
    gallery = StreamedGallery(model.manifest, choice, service.settings.max_gallery)
    await stream(request, service, gallery.feed)
    return _respond(service, model, gallery.close(), as_npy=npy.is_accepted(request))


async def _read(request: Request, service: Service, reservation: Reservation) -> CompareJson:
    if media_type(request) != "application/json":
        raise unsupported(request, f"application/json or {npy.MEDIA_TYPE}")
    refuse_query(request)
    return _parse(await receive_whole(request, service, reservation), _max_values(service))


def _max_values(service: Service) -> int:
    """Return the number of values in a full gallery of the widest model, within reason."""
    widest = max(model.manifest.embedding_dim for model in service.catalog.served.values())
    return min(_MAX_JSON_NUMBERS, (service.settings.max_gallery + 2) * (widest + 1))


def _parse(body: bytes, max_values: int) -> CompareJson:
    try:
        return from_json(CompareJson, body, max_values)
    except errors.ParameterError as error:
        raise _vector_error(error) or error from error


def _vector_error(error: errors.ParameterError) -> VectorError | None:
    """Return an error that names the row, if a number in a vector is invalid (NaN, 1e999, text)."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return None
    location = cause.errors(include_url=False, include_input=False)[0]["loc"]
    match location:
        case ("probe", int()):
            return VectorError(f"probe: {error.errors[0]['message']}", row=0)
        case ("gallery", int(row), *_):
            return VectorError(f"gallery row {row}: {error.errors[0]['message']}", row=row)
    return None


def _make_job(request: Request, service: Service, sent: CompareJson) -> Job:
    model, choice = _chosen(service, sent)
    check_gallery(len(sent.gallery), service.settings.max_gallery)
    return partial(_answer, service, model, sent, choice, as_npy=npy.is_accepted(request))


def _chosen(service: Service, choices: Choices) -> tuple[ServedModel, Choice]:
    model = service.catalog.get_encoder(choices.model)
    service.telemetry.chose(model.manifest)
    return model, choose_threshold(model.manifest, choices.threshold, choices.fmr)


def _answer(
    service: Service, model: ServedModel, sent: CompareJson, choice: Choice, *, as_npy: bool
) -> Response:
    probe = to_vectors(model.manifest, [sent.probe], "probe")[0]
    gallery = to_vectors(model.manifest, sent.gallery, "gallery")
    comparison = compare(model.manifest, probe, gallery, choice)
    return _respond(service, model, comparison, as_npy=as_npy)


def _respond(
    service: Service, model: ServedModel, comparison: Comparison, *, as_npy: bool
) -> Response:
    same, rows = int(comparison.same.sum()), len(comparison.same)
    service.telemetry.compared(model.manifest, same=same, different=rows - same)
    if as_npy:
        headers = {"X-Threshold": repr(comparison.choice.threshold)}
        return npy.response(comparison.energies, ModelReference.of(model.manifest), headers)
    return json_response(_to_answer(model, comparison))


def _to_answer(model: ServedModel, comparison: Comparison) -> CompareAnswer:
    # Without validation, which would visit every number: the values were computed here.
    return CompareAnswer.model_construct(
        energies=comparison.energies.tolist(),
        same=comparison.same.tolist(),
        threshold=comparison.choice.threshold,
        operating_point=OperatingPointAnswer.of(comparison.choice),
        model=ModelReference.of(model.manifest),
    )
