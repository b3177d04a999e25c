"""Access to the galleries of the service, and to the model of one."""

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from fastapi import Request

from app.api.dispatch import deadline_s, running
from app.catalog.catalog import ServedModel
from app.errors import ModelChangedError, ModelRefusedError, NoStoreError, UnknownModelError
from app.gallery.galleries import Galleries
from app.gallery.names import check_gallery_name, check_identity_name
from app.gallery.port import Store
from app.gallery.records import Encoding, Gallery
from app.worker.service import Service

T = TypeVar("T")

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

    async def store(self, call: Callable[[Store], T]) -> T:
        """Call the store, within what is left of the deadline; errors as `Galleries.run`."""
        return await self._galleries.run(call, self._end - monotonic())

    async def gallery(self) -> Gallery:
        """Return the gallery of the path.

        Raises:
            UnknownGalleryError: There is none of that name.
        """
        name = self.gallery_name
        return await self.store(lambda store: store.gallery(name))

    def model_of(self, gallery: Gallery) -> ServedModel:
        """Return the model of a gallery.

        Raises:
            ModelChangedError: The model is served no more, or has changed.
        """
        wanted = gallery.encoding
        try:
            model = self.service.catalog.get_encoder(wanted.model)
        except (UnknownModelError, ModelRefusedError) as error:
            raise ModelChangedError(
                f"the gallery {gallery.name!r} holds embeddings of {wanted.model} "
                f"{wanted.version}, which this service does not have: serve that bundle, or enrol "
                "the images again: likewise gallery re-enrol FOLDER"
            ) from error
        self.service.telemetry.chose(model.manifest)
        found = Encoding.of(model.manifest)
        if found.encoding_sha256 != wanted.encoding_sha256:
            raise ModelChangedError(
                f"the gallery {gallery.name!r} holds embeddings of {wanted.model} "
                f"{wanted.version}, which cannot be compared with those of its version "
                f"{found.version}, as it is now: enrol the images again: likewise gallery "
                "re-enrol FOLDER"
            )
        return model
