"""Searches of a gallery: who is this (identify), and is it who it claims to be (verify)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from app import errors
from app.api import examples, problem_types, verify
from app.api.choices.decisions import VerifyChoices
from app.api.choices.galleries import ClaimChoices, IdentifyChoices
from app.api.dispatch import DEADLINE_PARAMETER, dispatch
from app.api.galleries.access import GALLERY, IDENTITY, GalleryCall, ReadOnce
from app.api.galleries.bodies import GalleryBody, Sent
from app.api.galleries.probe import Probe, probe_job
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.rule import Rule
from app.api.schemas.answer import ModelReference
from app.api.schemas.decisions import VerifyAnswer
from app.api.schemas.domain import DomainAnswer
from app.api.schemas.gallery import Candidate, IdentifyAnswer
from app.api.schemas.identification import SEVERAL_IMAGES, search_rates
from app.api.schemas.location import located_of
from app.batching.batch_runner import Job
from app.catalog.catalog import ServedModel
from app.decision import choose_threshold, decide_energy
from app.gallery.records import Encoding, Gallery, Identity, Neighbours, Rows, shares
from app.worker.service import Service
from model.errors import IdentificationError, OperatingPointError, VectorError
from model.identification import choose_for_gallery, reason_missing, supported_galleries
from model.manifest import Manifest, TemplateRule
from model.scoring import Choice, Energies, is_same
from model.templates import template_energy

router = APIRouter(prefix="/galleries", tags=["galleries"], route_class=DirectRoute)

_PROBE = GalleryBody(IdentifyChoices, several=False)
_CLAIM = GalleryBody(ClaimChoices, several=True)
_ERRORS = (
    *problem_types.BODY_ERRORS,
    *problem_types.IMAGE_ERRORS,
    *problem_types.GALLERY_ERRORS,
    errors.PartError,
    errors.TooManyImagesError,
    errors.ModelChangedError,
    VectorError,
)


@router.post(
    "/{gallery}/identify",
    summary="Who in the gallery is this?",
    response_model=IdentifyAnswer,
    openapi_extra={
        "requestBody": _PROBE.schema(examples.SHA256, top=10, target_fpir=0.1),
        "parameters": [GALLERY, DEADLINE_PARAMETER],
    },
    responses=examples.answered("/galleries/{gallery}/identify")
    | problem_types.documented(*_ERRORS, IdentificationError),
)
async def identify(request: Request) -> Response:
    """Give the nearest identities, and how often a search in a gallery of this size is wrong.

    The threshold is that of the target FPIR for the number of identities that there are. Without a
    supported one there are energies and ranks, and no decisions.
    """
    call = GalleryCall(request)
    identified = partial(_identify, request, call, ReadOnce(_PROBE.read))
    return json_response(await call.with_encoding(identified))


async def _identify(
    request: Request,
    call: GalleryCall,
    read: ReadOnce[Sent[IdentifyChoices]],
    encoding: Encoding,
) -> IdentifyAnswer:
    model, name = call.model_of(encoding), call.gallery_name
    make_job = partial(_probe_job, model=model)
    choices, probe = await dispatch(request, call.service, read, make_job)
    row, made_by = probe.embeddings[0], model.encoding
    found = await call.store(lambda store: store.nearest(name, made_by, row, choices.top))
    return _identified(model.manifest, found, probe, choices)


def _probe_job(
    _: Request, service: Service, sent: Sent[IdentifyChoices], *, model: ServedModel
) -> Job:
    return probe_job(service, model, sent, lambda probe: (sent.choices, probe))


def _identified(
    manifest: Manifest, found: Neighbours, probe: Probe, choices: IdentifyChoices
) -> IdentifyAnswer:
    size = found.gallery.identities
    choice, reason = choose_for_search(manifest, found.gallery, choices)
    rates = None
    if choice is not None and size:
        images = (1, max(found.gallery.sizes))
        rates, reason = search_rates(manifest, probe.domain, choice, size, images)
    return IdentifyAnswer(
        gallery=found.gallery.name,
        size=size,
        candidates=_candidates(found, probe.embeddings[0], choice, choices.top),
        threshold=None if choice is None else choice.threshold,
        identification=rates,
        identification_reason=reason,
        located=located_of(manifest, probe.located),
        domain=DomainAnswer.of(probe.domain),
        model=ModelReference.of(manifest),
    )


def choose_for_search(
    manifest: Manifest, gallery: Gallery, choices: IdentifyChoices
) -> tuple[Choice | None, str | None]:
    """Choose the threshold of a search.

    Returns:
        The threshold, or None where none is supported and none was sent; and why there is none.

    Raises:
        IdentificationError: The target FPIR is not supported for the gallery.
        ParameterError: The threshold cannot be used.
    """
    if choices.threshold is not None:
        return choose_threshold(manifest, choices.threshold), None
    size, target = gallery.identities, choices.target_fpir
    if any(images > 1 for images in gallery.sizes):
        if target is not None:
            reason = f"{SEVERAL_IMAGES}, and this gallery has identities of several images"
            raise IdentificationError(f"{reason}: send a threshold", ())
        return None, f"{SEVERAL_IMAGES}, and this gallery has identities of several images"
    if not size:
        return None, "the gallery is empty"
    if target is None:
        reaching = [t for t, most in supported_galleries(manifest).items() if most >= size]
        if not reaching:
            return None, _unsupported(manifest, size)
        target = max(reaching)
    return choose_for_gallery(manifest, size, target), None


def _unsupported(manifest: Manifest, size: int) -> str:
    """Say up to which size a search is supported."""
    largest = max(supported_galleries(manifest).values(), default=0)
    if not largest:
        return reason_missing(manifest, size)
    return (
        f"no target FPIR is supported by what was measured for a gallery of {size:,}; the largest "
        f"supported size is {largest:,}"
    )


def _candidates(found: Neighbours, row: Rows, choice: Choice | None, top: int) -> list[Candidate]:
    energies = energies_of(found.gallery.encoding, row[np.newaxis], found.identities)
    order = np.argsort(energies, kind="stable")[:top]
    same = None if choice is None else is_same(energies, choice.threshold)
    decisions = {True: "same", False: "different"}
    return [
        Candidate(
            identity=found.identities[place].name,
            rank=rank,
            energy=float(energies[place]),
            images=found.identities[place].images,
            decision=None if same is None else decisions[bool(same[place])],
        )
        for rank, place in enumerate(order.tolist(), 1)
    ]


def energies_of(encoding: Encoding, probe: Rows, stored: tuple[Identity, ...]) -> Energies:
    """Energy of a probe and each stored template, shape (n,), by the contract's arithmetic.

    Args:
        encoding: The bundle of both.
        probe: Its template, shape (1, width), or (1, dim) uint8 of packed bits.
        stored: The identities, with their templates.

    Raises:
        VectorError: An energy is not finite.
    """
    rows = [each.template for each in stored if each.template is not None]
    if not rows:
        return np.empty(0, np.float32)
    if not encoding.is_codes:
        found = template_energy(TemplateRule.MEAN, encoding.metric, probe, np.stack(rows))
        if not np.isfinite(found).all():
            raise VectorError("the embedding is too far from an identity to be compared", row=0)
        return found
    left, right = shares(probe[0]), np.stack([shares(each) for each in rows])
    return template_energy(TemplateRule.BIT_SHARES, encoding.metric, left, right)


@router.post(
    "/{gallery}/verify/{identity}",
    summary="Is this the identity that it claims to be?",
    response_model=VerifyAnswer,
    openapi_extra={
        "requestBody": _CLAIM.schema(examples.SHA256, fmr=0.01),
        "parameters": [GALLERY, IDENTITY, DEADLINE_PARAMETER],
    },
    responses=examples.answered("/galleries/{gallery}/verify/{identity}")
    | problem_types.documented(
        *_ERRORS, errors.UnknownIdentityError, errors.TemplateSizeError, OperatingPointError
    ),
)
async def verify_claim(request: Request) -> Response:
    """Compare images, or embeddings, with one identity; the answer is that of /verify.

    Threshold and rates are those of the number of images sent and the number that the identity was
    enrolled with.
    """
    call = GalleryCall(request)
    gallery, name = await call.gallery(), call.identity_name
    model = call.model_of(gallery.encoding)
    stored = await call.store(lambda store: store.identity(gallery.name, name))
    make_job = partial(_claim_job, model=model, stored=stored)
    return json_response(await dispatch(request, call.service, _CLAIM.read, make_job))


def _claim_job(
    _: Request,
    service: Service,
    sent: Sent[ClaimChoices],
    *,
    model: ServedModel,
    stored: Identity,
) -> Job:
    count = len(sent.images) if sent.rows is None else len(sent.rows)
    choices = VerifyChoices(threshold=sent.choices.threshold, fmr=sent.choices.fmr)
    rule = Rule.of(model.manifest, (count, stored.images), choices)
    return probe_job(service, model, sent, partial(_claimed, service, model, rule, stored))


def _claimed(
    service: Service, model: ServedModel, rule: Rule, stored: Identity, probe: Probe
) -> Any:  # noqa: ANN401 (the job's result)
    made = probe.enrolment(model.manifest).template[np.newaxis]
    energies = energies_of(model.encoding, made, (stored,))
    decision = decide_energy(rule.manifest, float(energies[0]), rule.choice)
    return verify.to_answer(service, model, rule, decision, probe.domain, located=probe.located)
