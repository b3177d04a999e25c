"""POST /compare: decisions on embeddings that the caller has kept; no image is needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError

from app import errors
from app.api import examples, problem_types
from app.api.body import media_type, receive_whole, refuse_query, unsupported
from app.api.handover import Running, hand_over
from app.api.parameters import Choices, from_json
from app.api.schemas import CompareAnswer, ModelReference, OperatingPointAnswer
from app.budget import Share
from app.catalog import ServedModel
from app.comparison import Comparison, choose_threshold, compare, to_vectors
from app.service import Service
from model.errors import OperatingPointError, VectorError
from model.scoring import Choice

router = APIRouter(tags=["decisions"])


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
        }
    },
}


@router.post(
    "/compare",
    summary="Compare one embedding with many",
    openapi_extra={"requestBody": _BODY},
    responses=problem_types.documented(
        *problem_types.BODY_ERRORS, VectorError, OperatingPointError
    ),
)
async def compare_embeddings(request: Request, service: Running) -> CompareAnswer:
    """Give the energy and the decision for each row of a gallery.

    Embeddings of different models, or of different versions of one, cannot be compared: keep the
    `sha256` of the model beside them.
    """
    read = partial(_read, request, service)
    return await hand_over(request, service, read, partial(_prepare, service))


async def _read(request: Request, service: Service, share: Share) -> CompareJson:
    refuse_query(request)
    if media_type(request) != "application/json":
        raise unsupported(request, "application/json")
    body = await receive_whole(request, service, share)
    return _parse(body, _most_values(service))


def _most_values(service: Service) -> int:
    """The most numbers that a full gallery of the widest model can have."""
    widest = max(model.manifest.embedding_dim for model in service.catalog.served.values())
    return (service.settings.max_gallery + 2) * (widest + 1)


def _parse(body: bytes, most_values: int) -> CompareJson:
    try:
        return from_json(CompareJson, body, most_values)
    except errors.ParameterError as error:
        raise _vector_error(error) or error from error


def _vector_error(error: errors.ParameterError) -> VectorError | None:
    """Name the row, where what cannot be used is a number in a vector (NaN, 1e999, a string)."""
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


def _prepare(service: Service, sent: CompareJson) -> Callable[[], CompareAnswer]:
    model = service.catalog.get_encoder(sent.model)
    service.telemetry.chose(model.manifest)
    choice = choose_threshold(model.manifest, sent.threshold, sent.fmr)
    if len(sent.gallery) > service.settings.max_gallery:
        raise errors.BodyTooLargeError(
            f"the gallery has {len(sent.gallery):,} rows; "
            f"at most {service.settings.max_gallery:,} are taken in one call"
        )
    return partial(_answer, service, model, sent, choice)


def _answer(
    service: Service, model: ServedModel, sent: CompareJson, choice: Choice
) -> CompareAnswer:
    probe = to_vectors(model.manifest, [sent.probe], "probe")[0]
    gallery = to_vectors(model.manifest, sent.gallery, "gallery")
    comparison = compare(model.manifest, probe, gallery, choice)
    same = int(comparison.same.sum())
    service.telemetry.compared(model.manifest, same=same, different=len(gallery) - same)
    return _to_answer(model, comparison)


def _to_answer(model: ServedModel, comparison: Comparison) -> CompareAnswer:
    return CompareAnswer(
        energies=comparison.energies.tolist(),
        same=comparison.same.tolist(),
        threshold=comparison.choice.threshold,
        operating_point=OperatingPointAnswer.of(comparison.choice),
        model=ModelReference.of(model.manifest),
    )
