"""Answers of the galleries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from app.api.schemas.answer import Answer, ModelReference
from app.api.schemas.domain import DomainAnswer
from app.api.schemas.identification import IdentificationAnswer
from app.api.schemas.location import LocatedAnswer
from app.gallery.records import Encoding, Gallery, Identity, Receipt
from model.manifest import Precision

Precisions = Mapping[str, Precision | None]
"""Number formats of the graphs that are served, by their SHA-256."""


def reference_of(encoding: Encoding, precisions: Precisions) -> ModelReference:
    """Return the reference to the bundle of an encoding."""
    return ModelReference(
        name=encoding.model,
        version=encoding.version,
        sha256=encoding.sha256,
        precision=precisions.get(encoding.sha256),
    )


class GalleryAnswer(Answer):
    """One gallery."""

    name: str
    identities: int = Field(description="Number of identities.")
    created: datetime = Field(description="When it was made, in UTC.")
    model: ModelReference = Field(description="The model whose embeddings it holds.")

    @classmethod
    def of(cls, gallery: Gallery, precisions: Precisions) -> GalleryAnswer:
        """Return the answer for a gallery."""
        return cls(
            name=gallery.name,
            identities=gallery.identities,
            created=gallery.created,
            model=reference_of(gallery.encoding, precisions),
        )


class GalleryList(Answer):
    """All galleries, by name."""

    galleries: list[GalleryAnswer]


class IdentityAnswer(Answer):
    """One identity."""

    name: str
    images: int = Field(description="Number of images that its template was made of.")
    enrolled: datetime = Field(description="When, in UTC.")
    model: ModelReference = Field(description="The model that made its template.")
    template: list[float] | None = Field(
        default=None,
        description="The stored template, where `templates=true` was sent: the mean embedding, or "
        "packed bits of one image, as /embed answers them; of several images of a model of codes "
        "the share of ones in each bit. Null otherwise.",
    )

    @classmethod
    def of(cls, identity: Identity, precisions: Precisions, *, template: bool) -> IdentityAnswer:
        """Return the answer for an identity, with its template or without."""
        stored = identity.template
        return cls(
            name=identity.name,
            images=identity.images,
            enrolled=identity.enrolled,
            model=reference_of(identity.encoding, precisions),
            template=stored.tolist() if template and stored is not None else None,
        )


class IdentityList(Answer):
    """A page of a gallery's identities, by name."""

    identities: list[IdentityAnswer]
    next: str | None = Field(
        default=None, description="To be sent as `after` for the next page; null on the last one."
    )


class EnrolAnswer(Answer):
    """An identity that is stored now."""

    name: str
    images: int = Field(description="Number of images that its template was made of.")
    created: bool = Field(description="False where it took the place of one of that name.")
    located: list[LocatedAnswer] | None = Field(
        default=None,
        description="The thing in each image, of a model with a locator; else null.",
    )
    domain: DomainAnswer
    model: ModelReference


class ErasureAnswer(Answer):
    """Receipt of an erasure."""

    identities: int = Field(description="Number of identities that were erased.")
    erased: datetime = Field(description="When, in UTC.")
    gone: list[str] = Field(description="Places that hold nothing of them any more.")
    waiting: list[str] = Field(
        description="Places that may hold bytes of them for a while, and what removes these."
    )

    @classmethod
    def of(cls, receipt: Receipt) -> ErasureAnswer:
        """Return the answer for a receipt."""
        return cls(
            identities=receipt.identities,
            erased=receipt.erased,
            gone=list(receipt.gone),
            waiting=list(receipt.waiting),
        )


class SwapAnswer(Answer):
    """The two galleries, whose names were exchanged."""

    galleries: list[GalleryAnswer]


class Candidate(Answer):
    """An identity that the probe may show."""

    identity: str
    rank: int = Field(description="1 of the nearest one.")
    energy: float = Field(description="Energy of the probe and its template; small means same.")
    images: int = Field(description="Number of images that its template was made of.")
    decision: Literal["same", "different"] | None = Field(
        default=None,
        description="`same` where the energy does not exceed the threshold; null without one.",
    )


class IdentifyAnswer(Answer):
    """The identities nearest to a probe, nearest first."""

    gallery: str
    size: int = Field(description="Number of identities that were searched.")
    candidates: list[Candidate]
    threshold: float | None = Field(
        default=None,
        description="Threshold of the decisions; null where no target is supported for the gallery "
        "and none was sent (`identification_reason`).",
    )
    identification: IdentificationAnswer | None = Field(
        default=None,
        description="Error rates of the search in a gallery of this size; null where there are "
        "none (`identification_reason`).",
    )
    identification_reason: str | None = Field(
        default=None, description="Why `identification` is null; null where it is not."
    )
    located: list[LocatedAnswer] | None = Field(
        default=None,
        description="The thing in each image, of a model with a locator; else null.",
    )
    domain: DomainAnswer
    model: ModelReference


class Neighbour(Answer):
    """Another identity of the gallery."""

    identity: str
    rank: int = Field(description="1 of the nearest one.")
    energy: float = Field(description="Energy of the two templates; small means same.")
    images: int = Field(description="Number of images that its template was made of.")


class NeighboursAnswer(Answer):
    """The identities nearest to one of them, nearest first."""

    gallery: str
    identity: str
    images: int = Field(description="Number of images that its template was made of.")
    others: int = Field(description="Number of other identities, which were searched.")
    neighbours: list[Neighbour]
    model: ModelReference = Field(description="The model whose embeddings the gallery holds.")
