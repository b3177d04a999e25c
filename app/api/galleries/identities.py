"""/galleries/{gallery}/identities: enrol, list, look up and erase identities."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app import errors
from app.api import examples, problem_types
from app.api.bodies.parameters import from_query, query_parameters
from app.api.choices.galleries import LocatedChoices
from app.api.dispatch import DEADLINE_PARAMETER, dispatch
from app.api.galleries import audit
from app.api.galleries.access import GALLERY, IDENTITY, GalleryCall, ReadOnce
from app.api.galleries.bodies import GalleryBody, Sent
from app.api.galleries.probe import Probe, probe_job
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.schemas.answer import ModelReference
from app.api.schemas.domain import DomainAnswer
from app.api.schemas.gallery import EnrolAnswer, ErasureAnswer, IdentityAnswer, IdentityList
from app.api.schemas.location import located_of
from app.batching.batch_runner import Job
from app.catalog.catalog import ServedModel
from app.errors import ScopeError
from app.gallery.records import Encoding
from app.keys.scopes import Scope
from app.worker.service import Service
from model.errors import VectorError

router = APIRouter(prefix="/galleries", tags=["galleries"], route_class=DirectRoute)

_BODY = GalleryBody(LocatedChoices, several=True)
_AT = [GALLERY, IDENTITY, DEADLINE_PARAMETER]


class _Templates(BaseModel):
    """The choice of stored templates in the answer. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    templates: bool = Field(
        default=False,
        description="Whether the answer has the stored templates; needs the scope `write`.",
        examples=[False],
    )


class _Page(_Templates):
    """A page of the list."""

    after: str = Field(
        "", max_length=128, description="`next` of the page before.", examples=["ann"]
    )
    limit: int = Field(
        100, ge=1, le=1000, description="Largest number of identities.", examples=[100]
    )


@router.put(
    "/{gallery}/identities/{identity}",
    summary="Enrol an identity",
    response_model=EnrolAnswer,
    openapi_extra={"requestBody": _BODY.schema(examples.SHA256), "parameters": _AT},
    responses=examples.answered("/galleries/{gallery}/identities/{identity}")
    | problem_types.documented(
        *problem_types.BODY_ERRORS,
        *problem_types.IMAGE_ERRORS,
        *problem_types.GALLERY_ERRORS,
        errors.PartError,
        errors.TooManyImagesError,
        errors.TemplateSizeError,
        errors.ModelChangedError,
        errors.StoreFullError,
        VectorError,
    ),
)
async def enrol(request: Request) -> Response:
    """Store an identity by its images or embeddings, in place of the one of that name.

    What is stored is the name, the number of images and their template, which is the mean of their
    embeddings. No image is kept.
    """
    call = GalleryCall(request)
    enrolled = partial(_enrol, request, call, ReadOnce(_BODY.read))
    return json_response(await call.with_encoding(enrolled))


async def _enrol(
    request: Request,
    call: GalleryCall,
    read: ReadOnce[Sent[LocatedChoices]],
    encoding: Encoding,
) -> EnrolAnswer:
    gallery, name, model = call.gallery_name, call.identity_name, call.model_of(encoding)
    probe: Probe = await dispatch(request, call.service, read, partial(_make_job, model=model))
    enrolment, made_by = probe.enrolment(model.manifest), model.encoding
    created = await call.enrol(made_by, enrolment)
    action = "enrol" if created else "replace"
    audit.record(action, gallery, call.caller, name, enrolment.images)
    return EnrolAnswer(
        name=name,
        images=enrolment.images,
        created=created,
        located=located_of(model.manifest, probe.located),
        domain=DomainAnswer.of(probe.domain),
        model=ModelReference.of(model.manifest),
    )


def _make_job(
    _: Request, service: Service, sent: Sent[LocatedChoices], *, model: ServedModel
) -> Job:
    return probe_job(service, model, sent, _same)


def _same(probe: Probe) -> Probe:
    return probe


@router.get(
    "/{gallery}/identities",
    summary="The identities of a gallery",
    response_model=IdentityList,
    openapi_extra={"parameters": [GALLERY, *query_parameters(_Page), DEADLINE_PARAMETER]},
    responses=examples.answered("/galleries/{gallery}/identities")
    | problem_types.documented(*problem_types.GALLERY_ERRORS),
)
async def list_identities(request: Request) -> Response:
    """List identities by name, a page at a time."""
    call = GalleryCall(request)
    page, name = from_query(_Page, request), call.gallery_name
    _check_scope(request, page)
    found = await call.store(
        lambda store: store.identities(name, page.after, page.limit + 1, templates=page.templates)
    )
    shown = found[: page.limit]
    following = shown[-1].name if len(found) > page.limit else None
    known = call.precisions
    listed = [IdentityAnswer.of(each, known, template=page.templates) for each in shown]
    return json_response(IdentityList(identities=listed, next=following))


@router.get(
    "/{gallery}/identities/{identity}",
    summary="One identity",
    response_model=IdentityAnswer,
    openapi_extra={"parameters": [*_AT, *query_parameters(_Templates)]},
    responses=examples.answered("GET /galleries/{gallery}/identities/{identity}")
    | problem_types.documented(*problem_types.GALLERY_ERRORS, errors.UnknownIdentityError),
)
async def get_identity(request: Request) -> Response:
    """Look up an identity."""
    call = GalleryCall(request)
    choice, gallery, name = from_query(_Templates, request), call.gallery_name, call.identity_name
    _check_scope(request, choice)
    found = await call.store(lambda store: store.identity(gallery, name))
    answer = IdentityAnswer.of(found, call.precisions, template=choice.templates)
    return json_response(answer)


@router.delete(
    "/{gallery}/identities/{identity}",
    summary="Erase an identity",
    response_model=ErasureAnswer,
    openapi_extra={"parameters": _AT},
    responses=examples.answered("DELETE /galleries/{gallery}/identities/{identity}")
    | problem_types.documented(*problem_types.GALLERY_ERRORS, errors.UnknownIdentityError),
)
async def erase_identity(request: Request) -> Response:
    """Erase an identity; the receipt says what is gone, and what waits for the store."""
    call = GalleryCall(request)
    gallery, name = call.gallery_name, call.identity_name
    receipt = await call.store(lambda store: store.erase(gallery, name))
    audit.record("erase", gallery, call.caller, name)
    return json_response(ErasureAnswer.of(receipt))


def _check_scope(request: Request, choice: _Templates) -> None:
    """Check that the key may read templates, by which a person can be recognised elsewhere.

    Raises:
        ScopeError: It may not.
    """
    scopes: Any = request.scope.get("state", {}).get("scopes")
    if choice.templates and scopes is not None and Scope.WRITE not in scopes:
        raise ScopeError("stored templates are given to keys with the scope write only")
