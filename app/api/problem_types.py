"""Table of the HTTP answers to each class of errors.

An error is looked up along the ancestors of its class, so every new subclass has an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from app import errors
from app.api import examples
from model import errors as contract

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:likewise:problem:"


@dataclass(frozen=True)
class Answer:
    """HTTP answer to one class of errors."""

    status: HTTPStatus
    slug: str
    title: str


ANSWERS: Mapping[type[Exception], Answer] = {
    contract.UnsupportedImageError: Answer(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-image", "Not an image that is read here"
    ),
    contract.BrokenImageError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "broken-image", "The image is damaged or cut short"
    ),
    contract.ImageTooLargeError: Answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "image-too-large", "The image is too large"
    ),
    contract.NothingLocatedError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-located", "Nothing is located in the image"
    ),
    contract.SeveralLocatedError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "several-located", "Several things are in the image"
    ),
    contract.LandmarksError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "bad-landmarks", "The landmarks do not fit the image"
    ),
    contract.ImageError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unusable-image", "The image cannot be used"
    ),
    contract.VectorError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "bad-embedding", "An embedding cannot be compared"
    ),
    contract.OperatingPointError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unsupported-fmr", "The target FMR is not supported"
    ),
    contract.IdentificationError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "unsupported-fpir",
        "The target FPIR is not supported for this gallery",
    ),
    contract.SelfCheckError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "self-check-failed", "The model failed its self-check"
    ),
    contract.BundleError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "broken-bundle", "The model's bundle cannot be used"
    ),
    errors.ApiKeyError: Answer(HTTPStatus.UNAUTHORIZED, "api-key", "A good API key is needed"),
    errors.UnreadableBodyError: Answer(
        HTTPStatus.BAD_REQUEST, "unreadable-body", "The body cannot be read"
    ),
    errors.UnsupportedBodyError: Answer(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-body", "The body is of the wrong type"
    ),
    errors.NotAcceptableError: Answer(
        HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", "There is no answer of an accepted type"
    ),
    errors.BodyTooLargeError: Answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", "The body is too large"
    ),
    errors.BodyTimeoutError: Answer(
        HTTPStatus.REQUEST_TIMEOUT, "body-timeout", "The body took too long to arrive"
    ),
    errors.TooManyImagesError: Answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-many-images", "Too many images in one call"
    ),
    errors.PartError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "bad-part", "A part is missing, unknown or repeated"
    ),
    errors.ParameterError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "bad-parameter", "A parameter cannot be used"
    ),
    errors.TemplateSizeError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "unsupported-template",
        "Nothing was measured for these numbers of images",
    ),
    errors.UnknownModelError: Answer(HTTPStatus.NOT_FOUND, "unknown-model", "No such model"),
    errors.OtherGraphError: Answer(
        HTTPStatus.CONFLICT, "other-graph", "The embeddings are of another graph"
    ),
    errors.KindError: Answer(
        HTTPStatus.CONFLICT, "wrong-kind", "The model's kind cannot answer this call"
    ),
    errors.ScopeError: Answer(
        HTTPStatus.FORBIDDEN, "scope", "The API key does not allow this call"
    ),
    errors.NoStoreError: Answer(
        HTTPStatus.NOT_FOUND, "no-gallery-store", "This service has no galleries"
    ),
    errors.UnknownGalleryError: Answer(HTTPStatus.NOT_FOUND, "unknown-gallery", "No such gallery"),
    errors.UnknownIdentityError: Answer(
        HTTPStatus.NOT_FOUND, "unknown-identity", "No such identity in the gallery"
    ),
    errors.GalleryExistsError: Answer(
        HTTPStatus.CONFLICT, "gallery-exists", "There is another gallery of that name"
    ),
    errors.ModelChangedError: Answer(
        HTTPStatus.CONFLICT, "model-changed", "The gallery is of another model"
    ),
    errors.ClientGoneError: Answer(
        HTTPStatus.BAD_REQUEST, "client-gone", "The client closed the connection"
    ),
    errors.RequestError: Answer(
        HTTPStatus.BAD_REQUEST, "bad-request", "The request cannot be answered"
    ),
    errors.NotReadyError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", "The service is not ready"
    ),
    errors.OverloadedError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "The service is busy"
    ),
    errors.RunnerFailedError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "runner-failed", "The thread with the work failed"
    ),
    errors.DeadlineError: Answer(
        HTTPStatus.GATEWAY_TIMEOUT, "deadline", "The answer took too long"
    ),
    errors.ModelRefusedError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "model-refused", "The model did not pass its checks"
    ),
    errors.StoreError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "store", "The gallery's store cannot answer now"
    ),
    errors.StoreFullError: Answer(
        HTTPStatus.INSUFFICIENT_STORAGE, "store-full", "The gallery's store has no room"
    ),
    errors.UnavailableError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The service cannot answer now"
    ),
    errors.EncodingError: Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR, "encoding-failed", "The model gave no embedding"
    ),
    Exception: Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong inside the service"
    ),
}
"""By class; a class that is not listed has the answer of its nearest listed ancestor."""

BODY_ERRORS: tuple[type[Exception], ...] = (
    errors.UnreadableBodyError,
    errors.UnsupportedBodyError,
    errors.NotAcceptableError,
    errors.BodyTooLargeError,
    errors.BodyTimeoutError,
    errors.ParameterError,
    errors.UnknownModelError,
    errors.KindError,
    errors.NotReadyError,
    errors.OverloadedError,
    errors.RunnerFailedError,
    errors.ModelRefusedError,
    errors.DeadlineError,
    Exception,
)
"""Errors of every call with a body."""

GALLERY_ERRORS: tuple[type[Exception], ...] = (
    errors.NoStoreError,
    errors.UnknownGalleryError,
    errors.ParameterError,
    errors.NotReadyError,
    errors.OverloadedError,
    errors.StoreError,
    Exception,
)
"""Errors of every call with a gallery."""

IMAGE_ERRORS: tuple[type[Exception], ...] = (
    contract.UnsupportedImageError,
    contract.BrokenImageError,
    contract.ImageTooLargeError,
    contract.NothingLocatedError,
    contract.SeveralLocatedError,
    contract.LandmarksError,
    errors.EncodingError,
)
"""Errors of every call with images."""


def answer_for(kind: type[Exception]) -> Answer:
    """Return the answer to a class of errors: that of its nearest ancestor in `ANSWERS`."""
    return next(ANSWERS[ancestor] for ancestor in kind.__mro__ if ancestor in ANSWERS)


def documented(*kinds: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route's OpenAPI entry, for the errors that it may raise."""
    by_status: dict[int | str, list[Answer]] = {}
    for kind in kinds:
        answer = answer_for(kind)
        by_status.setdefault(answer.status.value, []).append(answer)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": "; ".join(f"{a.title} (`{TYPE_PREFIX}{a.slug}`)" for a in answers),
            "content": {MEDIA_TYPE: {"schema": schema, "examples": _examples(answers)}},
        }
        for status, answers in by_status.items()
    }


def _examples(answers: Sequence[Answer]) -> dict[str, Any]:
    return {
        a.slug: {
            "summary": a.title,
            "value": examples.problem(TYPE_PREFIX, a.slug, a.title, a.status.value),
        }
        for a in answers
    }
