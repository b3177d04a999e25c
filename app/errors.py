"""The service's own branch of the tree of errors.

    LikewiseError                 (model.errors)
    └── ServiceError
        ├── StartError            the service cannot start
        │   ├── SettingsError         a variable is unknown, or its value cannot be used
        │   ├── ModelsError           the models folder or the default model is not there
        │   ├── KeysError             the file of API keys cannot be used
        │   ├── ProviderError         the execution provider that was asked for did not load
        │   ├── AddressError          the address or port to listen on cannot be used
        │   ├── LoadTimeoutError      a load, at start or for a reload, took too long
        │   └── GalleryStartError     the gallery's store cannot be used
        │       └── SchemaError           its tables are not those of this version
        ├── RequestError          the request cannot be answered as it stands
        │   ├── ApiKeyError           no API key came with it, or an unknown one
        │   ├── UnreadableBodyError   not the JSON or multipart that it claims to be
        │   ├── UnsupportedBodyError  of a media type that the call does not take
        │   ├── NotAcceptableError    no answer of a type that the client accepts
        │   ├── BodyTooLargeError     more bytes or values than the limits allow
        │   ├── BodyTimeoutError      the body took too long to arrive
        │   ├── ClientGoneError       the client closed the connection
        │   ├── TooManyImagesError    more images than one call may send
        │   ├── PartError             a part is missing, unknown or there twice
        │   ├── ParameterError        a parameter has a value that cannot be used
        │   ├── TemplateSizeError     numbers of images that nothing was measured for
        │   ├── UnknownModelError     no bundle of that name
        │   ├── OtherGraphError       embeddings of another graph than the one that answers
        │   ├── KindError             the bundle's kind cannot answer this call
        │   ├── ScopeError            the API key does not allow the call
        │   ├── NoStoreError          there is no store for galleries
        │   ├── UnknownGalleryError   no gallery of that name
        │   ├── UnknownIdentityError  no identity of that name in the gallery
        │   ├── GalleryExistsError    a gallery of that name is there already
        │   └── ModelChangedError     the gallery's embeddings are of another model
        ├── UnavailableError      a valid request that cannot be answered now
        │   ├── NotReadyError         the bundles are not loaded, or the service is stopping
        │   ├── OverloadedError       the queue, or the memory for bodies, is full
        │   ├── RunnerFailedError     the thread that had the work failed
        │   ├── DeadlineError         the time allowed for the job is over
        │   ├── ModelRefusedError     the bundle is there, and did not pass its checks
        │   ├── StoreError            the gallery's store is gone or too slow
        │   └── StoreFullError        the gallery's store has no room
        └── EncodingError         the graph answered something that is no embedding and no energy

`app/api/problem_types.py` lists the HTTP status of each.
"""

from collections.abc import Sequence
from typing import Self

from model.errors import LikewiseError


class ServiceError(LikewiseError):
    """Base of the errors that only a running service can raise."""


class StartError(ServiceError):
    """The service cannot start; the message gives the reason and what to change."""


class SettingsError(StartError):
    """A `LIKEWISE_` variable is unknown, or its value cannot be used."""


class ModelsError(StartError):
    """The models folder, or the default model in it, is not there."""


class KeysError(StartError):
    """The file of API keys cannot be read, or a line of it is wrong."""


class ProviderError(StartError):
    """The execution provider that was asked for did not load."""


class AddressError(StartError):
    """The address or the port to listen on cannot be used."""


class LoadTimeoutError(StartError):
    """A load, at start or for a reload, that took too long."""


class GalleryStartError(StartError):
    """The gallery's store cannot be used: no extra, no such address, or another schema."""


class SchemaError(GalleryStartError):
    """The tables of the gallery's store are not those of this version."""


class RequestError(ServiceError):
    """The request cannot be answered as it stands."""


class ApiKeyError(RequestError):
    """No API key came with the request, or one that is not known.

    Attributes:
        given: Whether the request had a key.
    """

    def __init__(self, message: str, *, given: bool = False) -> None:
        super().__init__(message)
        self.given = given


class UnreadableBodyError(RequestError):
    """The body is not the JSON or the multipart that it claims to be."""


class UnsupportedBodyError(RequestError):
    """The body has a media type, or an encoding, that the call does not take."""


class NotAcceptableError(RequestError):
    """The call has no answer of a media type that the client accepts."""


class BodyTooLargeError(RequestError):
    """The body has more bytes, or more values, than the limits allow."""


class BodyTimeoutError(RequestError):
    """The body took longer to arrive than the limits allow."""


class ClientGoneError(RequestError):
    """The client closed the connection before its answer was there."""


class TooManyImagesError(RequestError):
    """More images than one call may send."""

    @classmethod
    def beyond(cls, max_images: int) -> Self:
        """Return the error of a call with more than so many images."""
        return cls(f"more than {max_images} images in one call; send them in several")


class PartError(RequestError):
    """A part of the body is missing, unknown, or there more often than it may be."""


class ParameterError(RequestError):
    """A parameter has a value that cannot be used.

    Attributes:
        errors: One entry for each bad parameter: `field` and `message`.
    """

    def __init__(self, message: str, errors: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)

    @classmethod
    def of(cls, field: str, message: str) -> Self:
        """Return the error of one parameter, whose name is cut to 100 characters."""
        name = field[:100]
        return cls(f"{name}: {message}", [{"field": name, "message": message}])


class TemplateSizeError(RequestError):
    """Numbers of images on the two sides for which the bundle has no operating points.

    Attributes:
        supported: The numbers for which it has some, the smaller one first.
    """

    def __init__(self, message: str, supported: Sequence[tuple[int, int]]) -> None:
        super().__init__(message)
        self.supported = tuple(supported)


class UnknownModelError(RequestError):
    """No bundle has that name.

    Attributes:
        available: The names of all models.
    """

    def __init__(self, message: str, available: Sequence[str]) -> None:
        super().__init__(message)
        self.available = tuple(available)


class OtherGraphError(RequestError):
    """Embeddings were made by another graph than the one that answers."""


class KindError(RequestError):
    """The bundle's kind cannot answer this call."""


class ScopeError(RequestError):
    """The API key is known, and its scopes do not allow the call."""


class NoStoreError(RequestError):
    """The service has no store for galleries."""


class UnknownGalleryError(RequestError):
    """No gallery has that name."""


class UnknownIdentityError(RequestError):
    """No identity in the gallery has that name."""


class GalleryExistsError(RequestError):
    """A gallery of that name is there already, for another model."""


class ModelChangedError(RequestError):
    """The gallery holds embeddings of another model, or of another version of it."""


class UnavailableError(ServiceError):
    """A valid request that cannot be answered now."""


class NotReadyError(UnavailableError):
    """The bundles are not loaded yet, or the service is stopping."""


class OverloadedError(UnavailableError):
    """The queue, or the memory that is set aside for bodies, is full."""


class RunnerFailedError(UnavailableError):
    """The thread that had the request's work failed, and is being replaced."""


class DeadlineError(UnavailableError):
    """The time that a job may take, waiting included, is over."""


class ModelRefusedError(UnavailableError):
    """The bundle is in the models folder, and did not pass its checks."""


class StoreError(UnavailableError):
    """The gallery's store cannot be reached, is locked or too slow, or has failed."""


class StoreFullError(UnavailableError):
    """The gallery's store has no room; nothing was stored."""


class EncodingError(ServiceError):
    """The graph answered something that is no embedding, or no energy."""
