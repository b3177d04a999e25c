"""POST /verify: do these two images show the same thing?"""

from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BeforeValidator, Field, WithJsonSchema

from app import errors
from app.api import examples, problem_types
from app.api.bodies import json_body, multipart
from app.api.bodies.base64_images import JsonImages
from app.api.bodies.form import FormParts
from app.api.bodies.json_body import JsonReader
from app.api.bodies.media_type import answer_type, media_type, unsupported
from app.api.bodies.parameters import from_form, from_json
from app.api.bodies.receive import receive_form, receive_json, refuse_query
from app.api.choices.decisions import VerifyChoices
from app.api.choices.location import Landmarked, aims_of
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.rule import Rule
from app.api.schemas.answer import ModelReference
from app.api.schemas.decisions import VerifyAnswer
from app.api.schemas.domain import (
    WITHHELD,
    WITHHELD_ZONE,
    DomainAnswer,
    is_withheld,
    rates_of,
    why_withheld,
)
from app.api.schemas.location import located_of
from app.api.schemas.zone import ZoneAnswer
from app.batching.batch_runner import Encoded, EncodeJob, Job, decode_recorded
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile, Search, to_input
from app.catalog.catalog import Served, ServedModel, ServedPairModel
from app.decision import Decision, decide, decide_energy
from app.domain import DomainResult, check_images
from app.telemetry.traces import Trace
from app.templates import (
    ONE_IMAGE,
    Sizes,
    check_pairs,
    score_templates,
    template_energies,
)
from app.worker.service import Service
from model.errors import OperatingPointError
from model.locating.locator import Aim, Found

_MAX_JSON_VALUES = 40

router = APIRouter(tags=["decisions"], route_class=DirectRoute)


_SEVERAL: dict[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}


def _no_list(value: object) -> object:
    """Return the text for a list that `JsonImages` has taken out, of which `[]` is left."""
    return "" if value == [] else value


_Images = Annotated[str, BeforeValidator(_no_list), WithJsonSchema(_SEVERAL)]


class PairJson(VerifyChoices):
    """The JSON body: two images as base64, and how to decide on them."""

    image1: _Images = Field(
        description="An image file as base64; a `data:` URI is taken too. Or a list of several "
        "images of one thing."
    )
    image2: _Images = Field(description="The other one, or others.")


@dataclass(frozen=True)
class Pair:
    """Images to be compared, and how to decide on them.

    Attributes:
        images: Those of the one side, then of the other.
        sizes: Number of images of each side.
        choices: Parameters of the decision.
    """

    images: tuple[ImageFile, ...]
    sizes: Sizes
    choices: VerifyChoices


_FORM = FormParts(
    {
        "image1": "An image file of any supported format. Several parts of this name are several "
        "images of one thing.",
        "image2": "The other one, or others.",
    },
    VerifyChoices,
    templates=True,
)
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        multipart.MEDIA_TYPE: {"schema": _FORM.schema(), "example": examples.PAIR_FORM},
        json_body.MEDIA_TYPE: {"schema": PairJson.model_json_schema(), "example": examples.PAIR},
    },
}


@router.post(
    "/verify",
    summary="Do these two images show the same thing?",
    response_model=VerifyAnswer,
    openapi_extra={"requestBody": _BODY, "parameters": [DEADLINE_PARAMETER]},
    responses=examples.answered("/verify")
    | problem_types.documented(
        *problem_types.BODY_ERRORS,
        *problem_types.IMAGE_ERRORS,
        errors.PartError,
        errors.TooManyImagesError,
        errors.TemplateSizeError,
        OperatingPointError,
    ),
)
async def verify(request: Request) -> Response:
    """Give the energy of two images, the decision, and how often such a decision is wrong.

    Several images of one thing on a side are compared together, by operating points of their own
    for their numbers, as `templates` of the model's manifest lists them.
    The images' bytes decide what they are; names and content types of parts are not looked at.
    """
    answer_type(request, json_body.MEDIA_TYPE)
    return json_response(await dispatch(request, running(request), _read, _make_job))


async def _read(request: Request, service: Service, reservation: Reservation) -> Pair:
    refuse_query(request)
    kind = media_type(request)
    if kind == json_body.MEDIA_TYPE:
        return await _read_json(request, service, reservation)
    if kind == multipart.MEDIA_TYPE:
        return _from_form(await receive_form(request, service, reservation, _FORM))
    raise unsupported(request, "multipart/form-data or application/json")


async def _read_json(request: Request, service: Service, reservation: Reservation) -> Pair:
    max_bytes, most = service.settings.max_image_bytes, _FORM.most_images(service.settings)
    images = {name: JsonImages(name, max_bytes, most) for name in _FORM.images}
    reader = JsonReader({name: each.forms for name, each in images.items()}, _MAX_JSON_VALUES)
    outline = await receive_json(request, service, reservation, reader)
    sent = from_json(PairJson, outline, _MAX_JSON_VALUES)
    for name in images:
        reader.check_met(name)
    one, other = (each.close() for each in images.values())
    if len(one) + len(other) > most:
        raise errors.TooManyImagesError.beyond(most)
    return Pair((*one, *other), (len(one), len(other)), sent)


def _from_form(form: multipart.Form) -> Pair:
    missing = [name for name in _FORM.images if name not in form.images]
    if missing:
        raise errors.PartError(f"no part {' and no part '.join(missing)}; send both images")
    one, other = (_numbered(form.images[name]) for name in _FORM.images)
    choices = from_form(VerifyChoices, form.fields)
    return Pair((*one, *other), (len(one), len(other)), choices)


def _numbered(files: list[ImageFile]) -> list[ImageFile]:
    """Return the images of a side, of which the first of several is numbered like the others."""
    if len(files) == 1:
        return files
    return [replace(files[0], name=f"{files[0].name}[0]"), *files[1:]]


def _make_job(_: Request, service: Service, pair: Pair) -> Job:
    model = service.catalog.get(pair.choices.model)
    service.telemetry.chose(model.manifest)
    aims = _aims(model, pair)
    rule = Rule.of(model.manifest, pair.sizes, pair.choices)
    trace = service.telemetry.trace()
    if isinstance(model, ServedPairModel):
        check_pairs(pair.sizes, service.settings.max_images)
        return partial(_answer_pair_model, service, model, pair.images, aims, rule, trace=trace)
    answer = partial(_answer, service, model, pair.images, rule)
    return EncodeJob(model, pair.images, service.image_limits, answer, trace, aims)


def _aims(model: Served, pair: Pair) -> tuple[Aim, ...] | None:
    sent = pair.choices
    sides = (
        Landmarked("landmarks1", pair.sizes[0], sent.landmarks1),
        Landmarked("landmarks2", pair.sizes[1], sent.landmarks2),
    )
    return aims_of(model.manifest, sent.face, sides)


def _answer(
    service: Service,
    model: ServedModel,
    files: tuple[ImageFile, ...],
    rule: Rule,
    encoded: Encoded,
) -> VerifyAnswer:
    names = [file.name for file in files]
    domain = check_images(model.domain, model.manifest, names, encoded.percentiles)
    if rule.images == ONE_IMAGE:
        decision = decide(rule.manifest, encoded.embeddings, rule.choice)
    else:
        energies = template_energies(rule.manifest, encoded.embeddings, rule.images, rule.choice)
        decision = decide_energy(rule.manifest, float(energies[0]), rule.choice)
    return to_answer(service, model, rule, decision, domain, located=encoded.located)


def _answer_pair_model(  # noqa: PLR0913 (what a request gives)
    service: Service,
    model: ServedPairModel,
    images: tuple[ImageFile, ...],
    aims: tuple[Aim, ...] | None,
    rule: Rule,
    *,
    trace: Trace | None,
) -> VerifyAnswer:
    manifest, search = model.manifest, Search.of(model.locator, aims, len(images))
    decode = partial(to_input, images, manifest.input, search, service.image_limits)
    given = decode_recorded(decode, manifest, service.telemetry, trace)
    tensor, began = given.pixels, perf_counter()
    energies = score_templates(model.scorer.score, tensor, rule.images, service.settings.max_batch)
    service.telemetry.inferred(perf_counter() - began, len(images), (trace,))
    names = [image.name for image in images]
    percentiles = None if model.domain is None else model.domain.percentiles(tensor)
    domain = check_images(model.domain, manifest, names, percentiles)
    decision = decide_energy(rule.manifest, float(energies[0]), rule.choice)
    return to_answer(service, model, rule, decision, domain, located=given.located)


def to_answer(  # noqa: PLR0913 (the parts of an answer)
    service: Service,
    model: Served,
    rule: Rule,
    decision: Decision,
    domain: DomainResult,
    *,
    located: tuple[Found, ...] | None,
) -> VerifyAnswer:
    """Return the answer of a decision, with its rates as far as they are not withheld."""
    withheld = is_withheld(domain, decision.choice)
    outcome = rule.outcome(decision, withheld=withheld)
    of_two = decision.energy if rule.images == ONE_IMAGE else None
    service.telemetry.decided(model.manifest, of_two, outcome)
    service.telemetry.checked(model.manifest, domain)
    zone = None if rule.zone is None or withheld else ZoneAnswer.of(rule.zone)
    reason = WITHHELD if rule.zone is None else WITHHELD_ZONE
    return VerifyAnswer(
        same=decision.same,
        energy=decision.energy,
        images=rule.images,
        threshold=decision.choice.threshold,
        decision=outcome,
        zone=zone,
        operating_point=rates_of(domain, decision.choice),
        likelihood_ratio=None if withheld else decision.likelihood_ratio,
        likelihood_ratio_interval=None if withheld else decision.likelihood_ratio_interval,
        located=located_of(model.manifest, located),
        domain=DomainAnswer.of(domain),
        withheld=why_withheld(domain, decision.choice, reason),
        model=ModelReference.of(model.manifest),
    )
