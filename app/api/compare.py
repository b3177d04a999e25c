"""POST /compare: decisions on embeddings that the caller has stored; no image is needed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from pydantic import Field, WithJsonSchema
from pydantic_core import to_json

from app.api import examples, problem_types
from app.api.bodies import json_body, npy
from app.api.bodies.json_body import JsonReader
from app.api.bodies.json_vectors import JsonGallery, JsonProbe, Rows, VectorLimits
from app.api.bodies.media_type import media_type, unsupported
from app.api.bodies.parameters import from_json, from_query, query_parameters
from app.api.bodies.receive import receive_json, refuse_query
from app.api.bodies.streamed_gallery import StreamedGallery, check_gallery
from app.api.choices.decisions import CompareChoices
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running, stream
from app.api.middleware.direct_route import DirectRoute
from app.api.schemas.answer import ModelReference
from app.api.schemas.decisions import CompareAnswer
from app.api.schemas.domain import (
    WITHHELD_OF_COMPARISON,
    ComparisonDomainAnswer,
    rates_of,
    why_withheld,
)
from app.api.schemas.identification import fpir_headers, identification_of
from app.batching.batch_runner import Job
from app.batching.byte_budget import Reservation
from app.catalog.catalog import ServedModel
from app.catalog.made_by import check_made_by
from app.decision import Comparison, compare, to_vectors
from app.domain import ComparisonDomain, GalleryCheck
from app.errors import OtherGraphError, ParameterError, TemplateSizeError, TooManyImagesError
from app.templates import ONE_IMAGE, Sizes, TemplateComparison, choose_for_rows
from app.worker.service import Service
from model.errors import IdentificationError, OperatingPointError, VectorError
from model.manifest import Manifest
from model.scoring import Choice

_MAX_JSON_NUMBERS = 3_000_000
"""Larger galleries come as .npy, which takes a hundredth of the time."""
_MAX_OUTLINE_VALUES = 16
_NUMBERS_AT_A_TIME = 10_000
"""Their JSON takes 1 ms; a runner makes that of more."""

router = APIRouter(tags=["decisions"], route_class=DirectRoute)


_PROBE = {
    "anyOf": [
        {"type": "array", "items": {"type": "number"}},
        {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "minItems": 1},
    ]
}


class CompareJson(CompareChoices):
    """One probe, and the gallery that it is compared with."""

    probe: Annotated[list[float], WithJsonSchema(_PROBE)] = Field(
        description="An embedding of the model, or a list of those of several images of one thing."
    )
    gallery: list[list[float]] = Field(
        description="Embeddings of the same model.",
        json_schema_extra={"minItems": 1},  # `JsonGallery` checks it: a large value is empty here.
    )


_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        json_body.MEDIA_TYPE: {
            "schema": CompareJson.model_json_schema(),
            "example": examples.COMPARISON,
        },
        npy.MEDIA_TYPE: {
            "schema": {
                "type": "string",
                "format": "binary",
                "description": (
                    "One NumPy array, (1 + n, dim), as /embed answers: the probe, then the "
                    "gallery; with several images of a thing (probe_images + n · gallery_images, "
                    "dim). The parameters then stand in the URL."
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
        "parameters": [*query_parameters(CompareChoices), DEADLINE_PARAMETER],
    },
    responses=npy.with_array(examples.answered("/compare"))
    | problem_types.documented(
        *problem_types.BODY_ERRORS,
        TooManyImagesError,
        OtherGraphError,
        VectorError,
        OperatingPointError,
        TemplateSizeError,
        IdentificationError,
    ),
)
async def compare_embeddings(request: Request) -> Response:
    """Give the energy and the decision for each row of a gallery.

    Embeddings of different models, versions or graphs (`precision`) cannot be compared: keep the
    model's `sha256` beside them, and send it. As `application/x-npy` the answer is the energies,
    float32 (n,); X-Threshold, X-Domain-Status, X-Withheld, X-FPIR, X-Target-FPIR say the rest.
    """
    service, as_npy = running(request), npy.is_accepted(request)
    if media_type(request) == npy.MEDIA_TYPE:
        return await _stream(request, service, as_npy=as_npy)
    make_job = partial(_make_job, as_npy=as_npy)
    answer: Response = await dispatch(request, service, _read, make_job)
    return answer


async def _stream(request: Request, service: Service, *, as_npy: bool) -> Response:
    """Compare a gallery while it arrives; no chunk is kept."""
    choices = from_query(CompareChoices, request)
    images = (1 if choices.probe_images is None else choices.probe_images, choices.gallery_images)
    model, choose = _chosen(service, choices, images)
    max_rows = service.settings.max_gallery
    with service.bodies.reserve() as held:
        gallery = StreamedGallery(model, choose, max_rows, held.take, images)
        await stream(request, service, gallery.feed)
        comparison, domain = gallery.close()
        answer = partial(_respond, service, model, comparison, domain, as_npy=as_npy)
        if as_npy or len(comparison.energies) <= _NUMBERS_AT_A_TIME:
            return answer()
        response: Response = await service.jobs.submit(answer, service.deadline_s, held.share)
        return response


@dataclass(frozen=True)
class Sent:
    """A JSON body.

    Attributes:
        choices: Its parameters.
        probe: The embeddings of the probe, shape (images, width).
        gallery: The gallery in blocks, each (n, width).
    """

    choices: CompareChoices
    probe: Rows
    gallery: list[Rows]

    @property
    def images(self) -> Sizes:
        """Numbers of images of the probe, and of each thing in the gallery."""
        return len(self.probe), self.choices.gallery_images


async def _read(request: Request, service: Service, reservation: Reservation) -> Sent:
    if media_type(request) != json_body.MEDIA_TYPE:
        raise unsupported(request, f"application/json or {npy.MEDIA_TYPE}")
    refuse_query(request)
    limits = _limits(service)
    of_probe = replace(limits, rows=service.settings.max_images)
    probe = JsonProbe(of_probe, reservation.take)
    gallery = JsonGallery(limits, reservation.take)
    reader = JsonReader({"probe": probe, "gallery": gallery}, _MAX_OUTLINE_VALUES)
    outline = await receive_json(request, service, reservation, reader)
    choices = from_json(CompareJson, outline, _MAX_OUTLINE_VALUES)
    for name in ("probe", "gallery"):
        reader.check_met(name)
    if choices.probe_images not in {None, len(probe.rows)}:
        message = f"the probe has {len(probe.rows)} embeddings; send as many, or leave this out"
        raise ParameterError.of("probe_images", message)
    sent = Sent(choices, probe.rows, gallery.close())
    rows = sum(map(len, sent.gallery))
    check_gallery(rows, service.settings.max_gallery, choices.gallery_images)
    return sent


def _limits(service: Service) -> VectorLimits:
    """Return the limits of a full gallery of the widest model, within reason."""
    width = max(model.manifest.embedding_dim for model in service.catalog.served.values())
    rows = service.settings.max_gallery
    return VectorLimits(rows, min(_MAX_JSON_NUMBERS, rows * width), width)


def _make_job(_: Request, service: Service, sent: Sent, *, as_npy: bool) -> Job:
    model, choose = _chosen(service, sent.choices, sent.images)
    choice = choose(sum(map(len, sent.gallery)) // sent.images[1])
    return partial(_answer, service, model, sent, choice, as_npy=as_npy)


def _chosen(
    service: Service, choices: CompareChoices, images: Sizes
) -> tuple[ServedModel, Callable[[int], Choice]]:
    model = service.catalog.get_encoder(choices.model)
    service.telemetry.chose(model.manifest)
    check_made_by(model, choices.sha256)
    if max(images) > service.settings.max_images:
        raise TooManyImagesError.beyond(service.settings.max_images)
    targets = choices.threshold, choices.fmr, choices.fpir
    return model, choose_for_rows(model.manifest, images, *targets)


def _answer(
    service: Service, model: ServedModel, sent: Sent, choice: Choice, *, as_npy: bool
) -> Response:
    probe = to_vectors(model.manifest, sent.probe, "probe")
    gallery = to_vectors(model.manifest, np.concatenate(sent.gallery), "gallery")
    comparison = _compare(model, probe, gallery, sent.images, choice)
    check = GalleryCheck(model.domain, model.manifest, probe, len(gallery))
    check.take(gallery)
    return _respond(service, model, comparison, check.result(), as_npy=as_npy)


def _compare(
    model: ServedModel,
    probe: NDArray[Any],
    gallery: NDArray[Any],
    images: Sizes,
    choice: Choice,
) -> Comparison:
    if images == ONE_IMAGE:
        return compare(model.manifest, probe[0], gallery, choice)
    of_each = images[1]
    templates = TemplateComparison(model.manifest, probe, len(gallery) // of_each, of_each, choice)
    templates.take(gallery)
    return templates.result()


def _respond(
    service: Service,
    model: ServedModel,
    comparison: Comparison,
    domain: ComparisonDomain,
    *,
    as_npy: bool,
) -> Response:
    same, rows = int(comparison.same.sum()), len(comparison.same)
    service.telemetry.compared(model.manifest, same=same, different=rows - same)
    if as_npy:
        return npy.response(
            comparison.energies,
            ModelReference.of(model.manifest),
            _headers(model.manifest, comparison, domain),
        )
    return Response(_to_json(model, comparison, domain), media_type=json_body.MEDIA_TYPE)


def _headers(
    manifest: Manifest, comparison: Comparison, domain: ComparisonDomain
) -> dict[str, str]:
    rows = domain.gallery.rows if domain.gallery else ()
    headers = {
        "X-Threshold": repr(comparison.choice.threshold),
        **npy.domain_headers(domain.probe.status, rows),
    }
    withheld = why_withheld(domain.probe, comparison.choice, WITHHELD_OF_COMPARISON)
    if withheld is not None:
        headers["X-Withheld"] = withheld
    return headers | fpir_headers(manifest, domain.probe, comparison)


def _to_json(model: ServedModel, comparison: Comparison, domain: ComparisonDomain) -> bytes:
    """Encode the answer a few numbers at a time: the encoder holds the interpreter in each call."""
    found, reason = identification_of(model.manifest, domain.probe, comparison)
    empty = CompareAnswer.model_construct(
        energies=[],
        same=[],
        images=comparison.images,
        threshold=comparison.choice.threshold,
        operating_point=rates_of(domain.probe, comparison.choice),
        identification=found,
        identification_reason=reason,
        domain=ComparisonDomainAnswer.of_comparison(domain),
        withheld=why_withheld(domain.probe, comparison.choice, WITHHELD_OF_COMPARISON),
        model=ModelReference.of(model.manifest),
    )
    lists = (_elements(comparison.energies), _elements(comparison.same))
    filled = b'"energies":[%b],"same":[%b]' % lists
    return empty.model_dump_json().encode().replace(b'"energies":[],"same":[]', filled, 1)


def _elements(values: NDArray[Any]) -> bytes:
    parts = (
        values[at : at + _NUMBERS_AT_A_TIME] for at in range(0, len(values), _NUMBERS_AT_A_TIME)
    )
    return b",".join(to_json(part.tolist())[1:-1] for part in parts)
