"""POST /verify: do these two images show the same thing?"""

from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app import errors
from app.api import examples, problem_types
from app.api.bodies import json_body, multipart
from app.api.bodies.base64_images import JsonImage
from app.api.bodies.form import FormParts
from app.api.bodies.json_body import JsonReader
from app.api.bodies.media_type import answer_type, media_type, unsupported
from app.api.bodies.parameters import VerifyChoices, from_form, from_json
from app.api.bodies.receive import receive_form, receive_json, refuse_query
from app.api.dispatch import DEADLINE_PARAMETER, dispatch, running
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.schemas.answer import ModelReference
from app.api.schemas.decisions import VerifyAnswer
from app.api.schemas.domain import WITHHELD, WITHHELD_ZONE, DomainAnswer, is_withheld, rates_of
from app.api.schemas.zone import ZoneAnswer
from app.batching.batch_runner import Encoded, EncodeJob, Job
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile, to_tensor
from app.catalog.catalog import Served, ServedModel, ServedPairModel
from app.decision import Decision, choose_threshold, decide, decide_energy
from app.domain import DomainResult, check_images
from app.telemetry.traces import Trace
from app.worker.service import Service
from app.zone import Outcome, Zone, zone_of_costs, zone_of_targets
from model.errors import OperatingPointError
from model.manifest import Manifest
from model.scoring import Choice

_MAX_JSON_VALUES = 16

router = APIRouter(tags=["decisions"], route_class=DirectRoute)


class PairJson(VerifyChoices):
    """The JSON body: two images as base64, and how to decide on them."""

    image1: str = Field(description="An image file as base64; a `data:` URI is taken too.")
    image2: str = Field(description="The other one.")


@dataclass(frozen=True)
class Pair:
    """Two images to be compared, and how to decide on them."""

    images: tuple[ImageFile, ...]
    choices: VerifyChoices


_FORM = FormParts(
    {"image1": "An image file of any supported format.", "image2": "The other one."}, VerifyChoices
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
        OperatingPointError,
    ),
)
async def verify(request: Request) -> Response:
    """Give the energy of two images, the decision, and how often such a decision is wrong.

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
    max_bytes = service.settings.max_image_bytes
    images = {name: JsonImage(name, max_bytes) for name in _FORM.images}
    reader = JsonReader(images, _MAX_JSON_VALUES)
    outline = await receive_json(request, service, reservation, reader)
    sent = from_json(PairJson, outline, _MAX_JSON_VALUES)
    for name in images:
        reader.check_met(name)
    return Pair(tuple(image.close() for image in images.values()), sent)


def _from_form(form: multipart.Form) -> Pair:
    missing = [name for name in _FORM.images if name not in form.images]
    if missing:
        raise errors.PartError(f"no part {' and no part '.join(missing)}; send both images")
    images = tuple(form.images[name][0] for name in _FORM.images)
    return Pair(images, from_form(VerifyChoices, form.fields))


@dataclass(frozen=True)
class Rule:
    """Threshold that a request is decided by, and the zone that it asked for."""

    choice: Choice
    zone: Zone | None

    @classmethod
    def of(cls, manifest: Manifest, sent: VerifyChoices) -> Self:
        """Return the rule of a request.

        Raises:
            ParameterError: Parameters that do not go together, or a value that cannot be used.
            OperatingPointError: The bundle has no supported operating point at that `fmr`.
        """
        costs = sent.costs()
        choice = choose_threshold(manifest, sent.threshold, sent.fmr)
        calibration, curve = manifest.calibration, manifest.accuracy.curve
        zone = None
        if costs is not None:
            zone = zone_of_costs(calibration.likelihood_ratio, curve, costs)
        elif sent.fnmr is not None:
            zone = zone_of_targets(calibration, curve, choice, sent.fnmr)
        return cls(choice, zone)

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
    rule = Rule.of(model.manifest, pair.choices)
    trace = service.telemetry.trace()
    if isinstance(model, ServedPairModel):
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
    decision = decide(model.manifest, encoded.embeddings, rule.choice)
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
    energies = model.scorer.score(tensor[:1], tensor[1:])
    service.telemetry.inferred(perf_counter() - decoded, len(images), (trace,))
    names = [image.name for image in images]
    percentiles = None if model.domain is None else model.domain.percentiles(tensor)
    domain = check_images(model.domain, model.manifest, names, percentiles)
    decision = decide_energy(model.manifest, energies, rule.choice)
    return _to_answer(service, model, rule, decision, domain)


def _to_answer(
    service: Service, model: Served, rule: Rule, decision: Decision, domain: DomainResult
) -> VerifyAnswer:
    withheld = is_withheld(domain, decision.choice)
    outcome = rule.outcome(decision, withheld=withheld)
    service.telemetry.decided(model.manifest, decision.energy, outcome)
    service.telemetry.checked(model.manifest, domain)
    zone = None if rule.zone is None or withheld else ZoneAnswer.of(rule.zone)
    reason = WITHHELD if rule.zone is None else WITHHELD_ZONE
    return VerifyAnswer(
        same=decision.same,
        energy=decision.energy,
        threshold=decision.choice.threshold,
        decision=outcome,
        zone=zone,
        operating_point=rates_of(domain, decision.choice),
        likelihood_ratio=None if withheld else decision.likelihood_ratio,
        likelihood_ratio_interval=None if withheld else decision.likelihood_ratio_interval,
        domain=DomainAnswer.of(domain),
        withheld=reason if withheld else None,
        model=ModelReference.of(model.manifest),
    )
