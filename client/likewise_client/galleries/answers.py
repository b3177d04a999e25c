"""Answers of the galleries, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from likewise_client.domain import Domain
from likewise_client.location import Located
from likewise_client.results import Identification, Model


@dataclass(frozen=True)
class Gallery:
    """A gallery.

    Attributes:
        name: Its name.
        identities: Number of identities.
        created: When it was made, in UTC (ISO 8601).
        model: The model whose embeddings it holds.
    """

    name: str
    identities: int
    created: str
    model: Model


@dataclass(frozen=True)
class EnrolledIdentity:
    """An identity of a gallery.

    Attributes:
        name: Its name.
        images: Number of images that its template was made of.
        enrolled: When, in UTC (ISO 8601).
        model: The model that made its template.
        template: The template, where it was asked for.
    """

    name: str
    images: int
    enrolled: str
    model: Model
    template: tuple[float, ...] | None = None


@dataclass(frozen=True)
class IdentityPage:
    """A page of identities by name; `next` is the `after` of the next page, None on the last."""

    identities: tuple[EnrolledIdentity, ...]
    next: str | None = None


@dataclass(frozen=True)
class Enrolment:
    """An identity that is stored now.

    Attributes:
        name: Its name.
        images: Number of images that its template was made of.
        created: False where it took the place of one of that name.
        domain: Whether the images are like those that the model was measured on.
        model: The model that made its template.
        located: What was enrolled of each image; None of a model that takes whole images.
    """

    name: str
    images: int
    created: bool
    domain: Domain
    model: Model
    located: tuple[Located, ...] | None = None


@dataclass(frozen=True)
class Erasure:
    """Receipt of an erasure.

    Attributes:
        identities: Number of identities that were erased.
        erased: When, in UTC (ISO 8601).
        gone: Places that hold nothing of them any more.
        waiting: Places that may hold bytes of them for a while, and what removes these.
    """

    identities: int
    erased: str
    gone: tuple[str, ...]
    waiting: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """An identity that a probe may show.

    Attributes:
        identity: Its name.
        rank: 1 of the nearest one.
        energy: Energy of the probe and its template; small means same.
        images: Number of images that its template was made of.
        decision: By the threshold; None without one.
    """

    identity: str
    rank: int
    energy: float
    images: int
    decision: Literal["same", "different"] | None = None


@dataclass(frozen=True)
class Identified:
    """The identities nearest to a probe.

    Attributes:
        gallery: Name of the gallery.
        size: Number of identities that were searched.
        candidates: Nearest first.
        domain: Whether the probe is like the images that the rates were measured on.
        model: The model of the gallery.
        threshold: Of the decisions; None where none is supported and none was given.
        identification: Error rates of a search in a gallery of this size; None where there are
            none.
        identification_reason: Why there are none.
        located: As in `Enrolment`.
    """

    gallery: str
    size: int
    candidates: tuple[Candidate, ...]
    domain: Domain
    model: Model
    threshold: float | None = None
    identification: Identification | None = None
    identification_reason: str | None = None
    located: tuple[Located, ...] | None = None


@dataclass(frozen=True)
class Neighbour:
    """Another identity of a gallery.

    Attributes:
        identity: Its name.
        rank: 1 of the nearest one.
        energy: Energy of the two templates; small means same.
        images: Number of images that its template was made of.
    """

    identity: str
    rank: int
    energy: float
    images: int


@dataclass(frozen=True)
class Neighbours:
    """The identities nearest to one of a gallery.

    Attributes:
        gallery: Name of the gallery.
        identity: The one.
        images: Number of images that its template was made of.
        others: Number of other identities, which were searched.
        neighbours: Nearest first.
        model: The model whose embeddings the gallery holds.
    """

    gallery: str
    identity: str
    images: int
    others: int
    neighbours: tuple[Neighbour, ...]
    model: Model
