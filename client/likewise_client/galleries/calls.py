"""The calls of the galleries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import numpy as np
from numpy.typing import ArrayLike

from likewise_client.calls import Call, Calls, located, part, side
from likewise_client.galleries.answers import (
    EnrolledIdentity,
    Enrolment,
    Erasure,
    Gallery,
    Identified,
    IdentityPage,
    Neighbours,
)
from likewise_client.images import Picture, Pictures
from likewise_client.location import FivePoints, Pick
from likewise_client.parsing import parse
from likewise_client.results import Model, Verification

Value = TypeVar("Value")


@dataclass(frozen=True)
class GalleryCalls(Calls):
    """All calls, those of the galleries too, documented for their users."""

    def galleries(self) -> Call[tuple[Gallery, ...]]:
        """Return the galleries of the service, by name."""
        return Call("GET", "/galleries", _galleries)

    def create_gallery(self, gallery: str, *, model: str | None = None) -> Call[Gallery]:
        """Make a gallery for a model; one that is there already, for that model, stays."""
        chosen = self.default_model if model is None else model
        query = {} if chosen is None else {"model": chosen}
        return Call("PUT", _at(gallery), _reader(Gallery), [{"params": query}])

    def erase_gallery(self, gallery: str) -> Call[Erasure]:
        """Erase a gallery with all identities."""
        return Call("DELETE", _at(gallery), _reader(Erasure))

    def swap_galleries(self, gallery: str, other: str) -> Call[tuple[Gallery, ...]]:
        """Exchange the names of two galleries in one step, and return both."""
        content = {"params": {"other": other}}
        return Call("POST", f"{_at(gallery)}/swap", _galleries, [content])

    def enrol(
        self,
        gallery: str,
        identity: str,
        images: Pictures,
        *,
        face: Pick | None = None,
        landmarks: FivePoints | None = None,
    ) -> Call[Enrolment]:
        """Store an identity, in place of the one of that name.

        Args:
            gallery: Name of the gallery.
            identity: Name of the identity.
            images: An image as in `verify`, or a list of several images of one thing.
            face: As in `verify`.
            landmarks: As in `embed`.
        """
        files = [("image", file) for file in side(f"identity {identity}", images)]
        content = {"files": files, "data": located(face, landmarks=landmarks)}
        at = _at(gallery, "identities", identity)
        return Call("PUT", at, _reader(Enrolment), [content])

    def enrol_embedding(
        self, gallery: str, identity: str, embedding: ArrayLike, model: Model
    ) -> Call[Enrolment]:
        """Store an identity by an embedding, (dim,), or those of several images, (images, dim).

        Args:
            gallery: Name of the gallery.
            identity: Name of the identity.
            embedding: As `embed` returns them.
            model: The model of `embed`'s answer; the gallery's has to be the same.
        """
        content = {"json": {"embedding": np.asarray(embedding).tolist(), "sha256": model.sha256}}
        at = _at(gallery, "identities", identity)
        return Call("PUT", at, _reader(Enrolment), [content])

    def identities(
        self, gallery: str, *, after: str = "", limit: int = 100, templates: bool = False
    ) -> Call[IdentityPage]:
        """Return a page of identities by name; `next` of a page is `after` of the next one."""
        query: dict[str, Any] = {"limit": limit, "templates": str(templates).lower()}
        if after:
            query["after"] = after
        at = _at(gallery, "identities")
        return Call("GET", at, _reader(IdentityPage), [{"params": query}])

    def identity(
        self, gallery: str, identity: str, *, templates: bool = False
    ) -> Call[EnrolledIdentity]:
        """Return an identity, with its template if that is asked for."""
        query = {"templates": str(templates).lower()}
        at = _at(gallery, "identities", identity)
        return Call("GET", at, _reader(EnrolledIdentity), [{"params": query}])

    def erase(self, gallery: str, identity: str) -> Call[Erasure]:
        """Erase an identity; the receipt says what is gone, and what waits."""
        return Call("DELETE", _at(gallery, "identities", identity), _reader(Erasure))

    def neighbours(
        self, gallery: str, identity: str, *, top: int | None = None
    ) -> Call[Neighbours]:
        """Return the other identities of a gallery nearest to one; `top` of them, None: 10."""
        at = _at(gallery, "identities", identity, "neighbours")
        return Call("GET", at, _reader(Neighbours), [{"params": _given(top=top)}])

    def identify(  # noqa: PLR0913 (the parameters of the call)
        self,
        gallery: str,
        image: Picture,
        *,
        top: int | None = None,
        target_fpir: float | None = None,
        threshold: float | None = None,
        face: Pick | None = None,
        landmarks: FivePoints | None = None,
    ) -> Call[Identified]:
        """Return the identities nearest to an image.

        Args:
            gallery: Name of the gallery.
            image: As in `verify`.
            top: Largest number of candidates; None: 10.
            target_fpir: A supported target for the share of probes of nobody in the gallery that
                get a candidate; None: the largest supported one.
            threshold: Used instead of `target_fpir`.
            face: As in `verify`.
            landmarks: As in `embed`.
        """
        files = [("image", part("the image", image))]
        form = _given(top=top, target_fpir=target_fpir, threshold=threshold)
        form |= located(face, landmarks=landmarks)
        content = {"files": files, "data": form}
        return Call("POST", _at(gallery, "identify"), _reader(Identified), [content])

    def verify_claim(  # noqa: PLR0913 (the parameters of the call)
        self,
        gallery: str,
        identity: str,
        images: Pictures,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        face: Pick | None = None,
        landmarks: FivePoints | None = None,
    ) -> Call[Verification]:
        """Decide whether images show an identity of a gallery; parameters as of `verify`."""
        files = [("image", file) for file in side("the image", images)]
        form = _given(fmr=fmr, threshold=threshold) | located(face, landmarks=landmarks)
        content = {"files": files, "data": form}
        return Call("POST", _at(gallery, "verify", identity), _reader(Verification), [content])


def _at(gallery: str, *names: str) -> str:
    return "/".join(["/galleries", *(quote(name, safe="") for name in (gallery, *names))])


def _given(**choice: float | str | None) -> dict[str, Any]:
    return {name: value for name, value in choice.items() if value is not None}


def _reader(kind: type[Value]) -> Callable[[httpx.Response], Value]:
    """Return the reader of an answer that is one value of a type."""

    def read(response: httpx.Response) -> Value:
        value: Value = parse(kind, response.json())
        return value

    return read


def _galleries(response: httpx.Response) -> tuple[Gallery, ...]:
    found: Sequence[Any] = response.json()["galleries"]
    return tuple(parse(Gallery, each) for each in found)
