"""Access to the galleries of the service, and to the model of one."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Generic, TypeVar

from fastapi import Request

from app.api.dispatch import Read, deadline_s, running
from app.batching.byte_budget import Reservation
from app.catalog.catalog import ServedModel
from app.errors import (
    ClientGoneError,
    ModelChangedError,
    ModelRefusedError,
    NoStoreError,
    UnavailableError,
    UnknownModelError,
)
from app.gallery.galleries import Galleries
from app.gallery.names import check_gallery_name, check_identity_name
from app.gallery.port import Store
from app.gallery.records import Encoding, Enrolment, Gallery
from app.worker.service import Service
from model.errors import LikewiseError
from model.manifest import Precision

T = TypeVar("T")

_OF_OTHER_CAUSE = (UnavailableError, ClientGoneError)
"""Failures that no other encoding changes."""
_OFF = (
    "this service has no store for galleries: set LIKEWISE_GALLERY_URL, as in sqlite:///PATH, run "
    "python -m app.gallery migrate, and start it again"
)
GALLERY: dict[str, Any] = {
    "name": "gallery",
    "in": "path",
    "required": True,
    "description": "Name of the gallery.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    "example": "people",
}
IDENTITY: dict[str, Any] = {
    "name": "identity",
    "in": "path",
    "required": True,
    "description": "Its name: 1 to 128 letters, digits, blanks and the signs . _ - @ : + ' ( ) ,",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "example": "ann",
}


class GalleryCall:
    """One call of a gallery: its service, its store and its deadline.

    Raises:
        NotReadyError: The service is starting or stopping.
        NoStoreError: It has no galleries.
        ParameterError: The deadline, or a name in the path, is invalid.
    """

    def __init__(self, request: Request) -> None:
        self.service: Service = running(request)
        if self.service.galleries is None:
            raise NoStoreError(_OFF)
        self._galleries: Galleries = self.service.galleries
        self._end = monotonic() + deadline_s(request, self.service)
        self._names = request.path_params
        self.caller: str | None = request.scope.get("state", {}).get("key")

    @property
    def gallery_name(self) -> str:
        """Name of the gallery in the path."""
        return check_gallery_name(self._names["gallery"])

    @property
    def identity_name(self) -> str:
        """Name of the identity in the path."""
        return check_identity_name(self._names["identity"])

    @property
    def precisions(self) -> dict[str, Precision | None]:
        """Number formats of the graphs that are served, by their SHA-256."""
        return {
            graph.sha256: graph.precision
            for model in self.service.catalog.served.values()
            if isinstance(model, ServedModel)
            for graph in (model.manifest.onnx, *model.others)
        }

    async def store(self, call: Callable[[Store], T]) -> T:
        """Call the store, within what is left of the deadline; errors as `Galleries.run`."""
        return await self._galleries.run(call, self._end - monotonic())

    async def enrol(self, made_by: Encoding, enrolment: Enrolment) -> bool:
        """Store the identity of the path; errors and result as `Galleries.enrol`."""
        gallery, name, within_s = self.gallery_name, self.identity_name, self._end - monotonic()
        return await self._galleries.enrol(gallery, name, made_by, enrolment, within_s)

    async def gallery(self) -> Gallery:
        """Return the gallery of the path.

        Raises:
            UnknownGalleryError: There is none of that name.
        """
        name = self.gallery_name
        found = await self.store(lambda store: store.gallery(name))
        self._galleries.note(found)
        return found

    async def with_encoding(self, use: Callable[[Encoding], Awaitable[T]]) -> T:
        """Return what is computed with the encoding of the gallery of the path.

        The one that this worker saw last is taken first, which saves a call of the store. If that
        fails and the gallery has another one by now, it is computed again. So what is computed has
        to check the encoding, in the call of the store that reads or writes templates.

        Args:
            use: Computes it. It may be called twice, and stores nothing if it fails.

        Raises:
            UnknownGalleryError: There is no such gallery.
        """
        seen = self._galleries.encoding(self.gallery_name)
        if seen is not None:
            try:
                return await use(seen)
            except _OF_OTHER_CAUSE:
                raise
            except LikewiseError:
                if (await self.gallery()).encoding == seen:
                    raise
        return await use((await self.gallery()).encoding)

    def model_of(self, wanted: Encoding) -> ServedModel:
        """Return the model of the encoding of the gallery of the path.

        Raises:
            ModelChangedError: The model is served no more, or has changed.
        """
        name = self.gallery_name
        try:
            model = self.service.catalog.get_encoder(wanted.model)
        except (UnknownModelError, ModelRefusedError) as error:
            raise ModelChangedError(
                f"the gallery {name!r} holds embeddings of {wanted.model} "
                f"{wanted.version}, which this service does not have: serve that bundle, or enrol "
                "the images again: likewise gallery re-enrol FOLDER"
            ) from error
        self.service.telemetry.chose(model.manifest)
        found = model.encoding
        if found.encoding_sha256 != wanted.encoding_sha256:
            raise ModelChangedError(
                f"the gallery {name!r} holds embeddings of {wanted.model} "
                f"{wanted.version}, which cannot be compared with those of its version "
                f"{found.version}, as it is now: enrol the images again: likewise gallery "
                "re-enrol FOLDER"
            )
        return model


class ReadOnce(Generic[T]):
    """The reading of a body for a call that may need it twice: it can be received only once.

    Args:
        read: Reads the body.
    """

    def __init__(self, read: Read[T]) -> None:
        self._read = read
        self._body: tuple[T] | None = None
        self._error: LikewiseError | None = None

    async def __call__(self, request: Request, service: Service, reservation: Reservation) -> T:
        """Read the body, or return what was read, or raise what reading it has raised."""
        if self._error is not None:
            raise self._error
        if self._body is None:
            try:
                self._body = (await self._read(request, service, reservation),)
            except LikewiseError as error:
                self._error = error
                raise
        return self._body[0]
