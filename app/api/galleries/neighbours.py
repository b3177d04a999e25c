"""/galleries/{gallery}/identities/{identity}/neighbours: who is near whom among the enrolled."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter, Request, Response

from app import errors
from app.api import examples, problem_types
from app.api.bodies.parameters import from_query, query_parameters
from app.api.choices.galleries import NeighbourChoices
from app.api.dispatch import DEADLINE_PARAMETER
from app.api.galleries.access import GALLERY, IDENTITY, GalleryCall
from app.api.galleries.search import energies_of
from app.api.middleware.direct_route import DirectRoute, json_response
from app.api.schemas.gallery import Neighbour, NeighboursAnswer, reference_of
from app.gallery.port import Store
from app.gallery.records import Identity, Neighbours, Rows
from model.errors import VectorError

router = APIRouter(prefix="/galleries", tags=["galleries"], route_class=DirectRoute)


@router.get(
    "/{gallery}/identities/{identity}/neighbours",
    summary="Who in the gallery is near to an identity?",
    response_model=NeighboursAnswer,
    openapi_extra={
        "parameters": [GALLERY, IDENTITY, *query_parameters(NeighbourChoices), DEADLINE_PARAMETER]
    },
    responses=examples.answered("/galleries/{gallery}/identities/{identity}/neighbours")
    | problem_types.documented(
        *problem_types.GALLERY_ERRORS, errors.UnknownIdentityError, VectorError
    ),
)
async def list_neighbours(request: Request) -> Response:
    """Give the other identities that are nearest to one, by the energy of their templates.

    One person who is enrolled under two names is found so. There is no decision: among many there
    are always two who are alike.
    """
    call = GalleryCall(request)
    choices = from_query(NeighbourChoices, request)
    gallery, name = call.gallery_name, call.identity_name
    own, found = await call.store(lambda store: _neighbours(store, gallery, name, choices.top))
    answer = NeighboursAnswer(
        gallery=gallery,
        identity=own.name,
        images=own.images,
        others=max(0, found.gallery.identities - 1),
        neighbours=_ranked(own, found, choices.top),
        model=reference_of(found.gallery.encoding, call.precisions),
    )
    return json_response(answer)


def _neighbours(store: Store, gallery: str, name: str, top: int) -> tuple[Identity, Neighbours]:
    own = store.identity(gallery, name)
    return own, store.nearest(gallery, own.encoding, _probe_of(own), top + 1)


def _probe_of(own: Identity) -> Rows:
    """Return the template as a search takes it; of shares, the bits that most images have."""
    template = np.empty(0) if own.template is None else own.template
    is_shares = own.encoding.is_codes and template.dtype != np.uint8
    return np.packbits(template >= 0.5) if is_shares else template  # noqa: PLR2004 (half)


def _ranked(own: Identity, found: Neighbours, top: int) -> list[Neighbour]:
    others = tuple(each for each in found.identities if each.name != own.name)
    if own.template is None or not others:
        return []
    energies = energies_of(own.encoding, own.template[np.newaxis], others)
    order = np.argsort(energies, kind="stable")[:top]
    return [
        Neighbour(
            identity=others[place].name,
            rank=rank,
            energy=float(energies[place]),
            images=others[place].images,
        )
        for rank, place in enumerate(order.tolist(), 1)
    ]
