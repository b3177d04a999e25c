"""/galleries: create, list, exchange and erase whole galleries."""

from functools import partial

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app import errors
from app.api import examples, problem_types
from app.api.bodies.parameters import from_query, query_parameters
from app.api.choices.galleries import ModelChoice
from app.api.dispatch import DEADLINE_PARAMETER
from app.api.galleries import audit
from app.api.galleries.access import GALLERY, GalleryCall
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.schemas.gallery import ErasureAnswer, GalleryAnswer, GalleryList, SwapAnswer
from app.errors import GalleryExistsError
from app.gallery.names import check_gallery_name
from app.gallery.port import Store
from app.gallery.records import Encoding, Gallery

router = APIRouter(prefix="/galleries", tags=["galleries"], route_class=DirectRoute)


class SwapChoice(BaseModel):
    """The other gallery of an exchange."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    other: str = Field(
        max_length=64, description="Name of the other gallery.", examples=["people.new"]
    )


@router.get(
    "",
    summary="The galleries",
    response_model=GalleryList,
    openapi_extra={"parameters": [DEADLINE_PARAMETER]},
    responses=examples.answered("/galleries")
    | problem_types.documented(*problem_types.GALLERY_ERRORS),
)
async def list_galleries(request: Request) -> Response:
    """List the galleries by name, with their models and numbers of identities."""
    call = GalleryCall(request)
    found = await call.store(lambda store: store.galleries())
    listed = [GalleryAnswer.of(each, call.precisions) for each in found]
    return json_response(GalleryList(galleries=listed))


@router.put(
    "/{gallery}",
    summary="Make a gallery",
    response_model=GalleryAnswer,
    openapi_extra={"parameters": [GALLERY, *query_parameters(ModelChoice), DEADLINE_PARAMETER]},
    responses=examples.answered("/galleries/{gallery}")
    | problem_types.documented(
        *problem_types.GALLERY_ERRORS,
        errors.UnknownModelError,
        errors.KindError,
        errors.ModelRefusedError,
        errors.GalleryExistsError,
        errors.StoreFullError,
    ),
)
async def create_gallery(request: Request) -> Response:
    """Make an empty gallery for a model; one that is there already, for that model, stays."""
    call = GalleryCall(request)
    model = call.service.catalog.get_encoder(from_query(ModelChoice, request).model)
    call.service.telemetry.chose(model.manifest)
    encoding = model.encoding
    made = await call.store(partial(_create, name=call.gallery_name, encoding=encoding))
    if not made.identities:
        audit.record("create", made.name, call.caller)
    return json_response(GalleryAnswer.of(made, call.precisions))


def _create(store: Store, *, name: str, encoding: Encoding) -> Gallery:
    try:
        return store.create(name, encoding)
    except GalleryExistsError as error:
        found = store.gallery(name)
        if found.encoding.encoding_sha256 != encoding.encoding_sha256:
            raise GalleryExistsError(
                f"there is a gallery {name!r} of {found.encoding.model} "
                f"{found.encoding.version} already; take another name, or erase it first"
            ) from error
        return found


@router.delete(
    "/{gallery}",
    summary="Erase a gallery",
    response_model=ErasureAnswer,
    openapi_extra={"parameters": [GALLERY, DEADLINE_PARAMETER]},
    responses=examples.answered("DELETE /galleries/{gallery}")
    | problem_types.documented(*problem_types.GALLERY_ERRORS),
)
async def erase_gallery(request: Request) -> Response:
    """Erase a gallery with all its identities; the receipt says what is gone."""
    call = GalleryCall(request)
    name = call.gallery_name
    receipt = await call.store(lambda store: store.drop(name))
    audit.record("drop", name, call.caller, images=receipt.identities)
    return json_response(ErasureAnswer.of(receipt))


@router.post(
    "/{gallery}/swap",
    summary="Exchange the names of two galleries",
    response_model=SwapAnswer,
    openapi_extra={"parameters": [GALLERY, *query_parameters(SwapChoice), DEADLINE_PARAMETER]},
    responses=examples.answered("/galleries/{gallery}/swap")
    | problem_types.documented(*problem_types.GALLERY_ERRORS),
)
async def swap_galleries(request: Request) -> Response:
    """Exchange the names of two galleries in one step.

    A gallery that was enrolled again beside the old one takes its place so: every search finds the
    one or the other.
    """
    call = GalleryCall(request)
    name, other = call.gallery_name, check_gallery_name(from_query(SwapChoice, request).other)
    found = await call.store(partial(_swap, name=name, other=other))
    audit.record("swap", name, call.caller, other)
    exchanged = [GalleryAnswer.of(each, call.precisions) for each in found]
    return json_response(SwapAnswer(galleries=exchanged))


def _swap(store: Store, *, name: str, other: str) -> list[Gallery]:
    store.swap(name, other)
    return [store.gallery(name), store.gallery(other)]
