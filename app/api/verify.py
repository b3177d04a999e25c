"""POST /verify: do these two images show the same thing?"""

from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request, Response
from pydantic import BeforeValidator, Field, WithJsonSchema

from app import errors
from app.api import examples, problem_types
from app.api.bodies import json_body, multipart
from app.api.bodies.base64_images import JsonImages
from app.api.bodies.form import FormParts
from app.api.bodies.json_body import JsonReader
from app.api.bodies.media_type import answer_type, media_type, unsupported
from app.api.bodies.parameters import VerifyChoices, from_form, from_json
from app.api.bodies.receive import receive_form, receive_json, refuse_query
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running
from app.api.middleware.direct_route import DirectRoute, json_response
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
from app.api.schemas.zone import ZoneAnswer
from app.batching.batch_runner import Encoded, EncodeJob, Job
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile, to_tensor
from app.catalog.catalog import Served, ServedModel, ServedPairModel
from app.decision import Decision, decide, decide_energy
from app.domain import DomainResult, check_images
from app.telemetry.traces import Trace
from app.templates import (
    ONE_IMAGE,
    Sizes,
    check_pairs,
    choose_for,
    score_templates,
    template_energies,
)
from app.worker.service import Service
from app.zone import Outcome, Zone, zone_of_costs, zone_of_targets
from model.errors import OperatingPointError
from model.manifest import Manifest
from model.scoring import Choice

_MAX_JSON_VALUES = 16

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


@dataclass(frozen=True)
class Rule:
    """Threshold that a request is decided by, and the zone that it asked for.

    `manifest` has the calibration and accuracy of so many `images` on the two sides.
    """

    manifest: Manifest
    images: Sizes
    choice: Choice
    zone: Zone | None

    @classmethod
    def of(cls, manifest: Manifest, images: Sizes, sent: VerifyChoices) -> Self:
        """Return the rule of a request.

        Raises:
            ParameterError: Parameters that do not go together, or a value that cannot be used.
            OperatingPointError: The bundle has no supported operating point at that `fmr`.
            TemplateSizeError: It has none for so many images, and no threshold was sent.
        """
        costs = sent.costs()
        manifest, choice = choose_for(manifest, images, sent.threshold, sent.fmr)
        calibration, curve = manifest.calibration, manifest.accuracy.curve
        zone = None
        if costs is not None:
            zone = zone_of_costs(calibration.likelihood_ratio, curve, costs)
        elif sent.fnmr is not None:
            zone = zone_of_targets(calibration, curve, choice, sent.fnmr)
        return cls(manifest, images, choice, zone)

    def outcome(self, decision: Decision, *, withheld: bool) -> Outcome:
        """Return the outcome of a decision: by the zone, or else by the threshold.

        A zone rests on the rates or the likelihood ratio. Where these are withheld it decides
        nothing, and the outcome is unsure.
        """
        if self.zone is None:
            return Outcome.of(same=decision.same)
        return Outcome.UNSURE if withheld else self.zone.outcome(decision.energy)


def _make_job(_: Request, service: Service, pair: Pair) -> Job:
    model = service.catalog.get(pair.choices.model)
    service.telemetry.chose(model.manifest)
    rule = Rule.of(model.manifest, pair.sizes, pair.choices)
    trace = service.telemetry.trace()
    if isinstance(model, ServedPairModel):
        check_pairs(pair.sizes, service.settings.max_images)
        return partial(_answer_pair_model, service, model, pair.images, rule, trace)
    answer = partial(_answer, service, model, pair.images, rule)
    return EncodeJob(model, pair.images, service.image_limits, answer, trace)


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
        decision = decide_energy(rule.manifest, energies, rule.choice)
    return _to_answer(service, model, rule, decision, domain)


def _answer_pair_model(
    service: Service,
    model: ServedPairModel,
    images: tuple[ImageFile, ...],
    rule: Rule,
    trace: Trace | None,
) -> VerifyAnswer:
    began = perf_counter()
    tensor = to_tensor(images, model.manifest.input, service.image_limits)
    decoded = perf_counter()
    service.telemetry.decoded(decoded - began, trace)
    energies = score_templates(model.scorer.score, tensor, rule.images, service.settings.max_batch)
    service.telemetry.inferred(perf_counter() - decoded, len(images), (trace,))
    names = [image.name for image in images]
    percentiles = None if model.domain is None else model.domain.percentiles(tensor)
    domain = check_images(model.domain, model.manifest, names, percentiles)
    decision = decide_energy(rule.manifest, energies, rule.choice)
    return _to_answer(service, model, rule, decision, domain)


def _to_answer(
    service: Service, model: Served, rule: Rule, decision: Decision, domain: DomainResult
) -> VerifyAnswer:
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
        domain=DomainAnswer.of(domain),
        withheld=why_withheld(domain, decision.choice, reason),
        model=ModelReference.of(model.manifest),
    )
