"""The one place where an error becomes an HTTP answer: RFC 9457, `application/problem+json`.

An error is looked up along its class's ancestors, so that a new subclass has an answer from the day
it is written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import errors
from app.api.parameters import to_parameter_error
from app.api.request_id import request_id
from model import errors as contract

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:likewise:problem:"
RETRY_AFTER_S = 1
_EXTENSIONS = ("row", "supported", "available", "errors")
"""Attributes of errors that a program can use; each becomes a member of the problem."""


class Problem(BaseModel):
    """Why a request was not answered. Some problems have members beyond these."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        description="A stable name for programs.", examples=[TYPE_PREFIX + "overload"]
    )
    title: str = Field(description="What the type means, the same every time.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong this time, and what to do about it.")
    request_id: str = Field(description="As in the header X-Request-ID, and in the service's log.")


@dataclass(frozen=True)
class Answer:
    """How one class of errors is answered."""

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
    contract.ImageError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unusable-image", "The image cannot be used"
    ),
    contract.VectorError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "bad-embedding", "An embedding cannot be compared"
    ),
    contract.OperatingPointError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unsupported-fmr", "The target FMR is not supported"
    ),
    contract.SelfCheckError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "self-check-failed", "The model failed its self-check"
    ),
    contract.BundleError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "broken-bundle", "The model's bundle cannot be used"
    ),
    errors.UnreadableBodyError: Answer(
        HTTPStatus.BAD_REQUEST, "unreadable-body", "The body cannot be read"
    ),
    errors.UnsupportedBodyError: Answer(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-body", "The body is of the wrong type"
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
    errors.UnknownModelError: Answer(HTTPStatus.NOT_FOUND, "unknown-model", "No such model"),
    errors.KindError: Answer(
        HTTPStatus.CONFLICT, "wrong-kind", "The model's kind cannot answer this call"
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
    errors.DeadlineError: Answer(
        HTTPStatus.GATEWAY_TIMEOUT, "deadline", "The answer took too long"
    ),
    errors.ModelRefusedError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "model-refused", "The model did not pass its checks"
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
"""By class; what is not listed is answered as its nearest listed ancestor."""

BODY_ERRORS: tuple[type[Exception], ...] = (
    errors.UnreadableBodyError,
    errors.UnsupportedBodyError,
    errors.BodyTooLargeError,
    errors.BodyTimeoutError,
    errors.ParameterError,
    errors.UnknownModelError,
    errors.KindError,
    errors.NotReadyError,
    errors.OverloadedError,
    errors.ModelRefusedError,
    errors.DeadlineError,
    Exception,
)
"""What every call with a body may answer with."""

IMAGE_ERRORS: tuple[type[Exception], ...] = (
    contract.UnsupportedImageError,
    contract.BrokenImageError,
    contract.ImageTooLargeError,
    errors.EncodingError,
)
"""What every call with images may answer with."""

_WORTH_A_RETRY = (errors.NotReadyError, errors.OverloadedError)


def answer_for(kind: type[Exception]) -> Answer:
    """How an error of that class is answered: as its nearest ancestor in `ANSWERS`."""
    return next(ANSWERS[ancestor] for ancestor in kind.__mro__ if ancestor in ANSWERS)


def documented(*kinds: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route's OpenAPI entry, for the errors that it may answer with."""
    by_status: dict[int | str, list[Answer]] = {}
    for kind in kinds:
        answer = answer_for(kind)
        by_status.setdefault(answer.status.value, []).append(answer)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": "; ".join(f"{a.title} (`{TYPE_PREFIX}{a.slug}`)" for a in answers),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status, answers in by_status.items()
    }


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem."""
    app.add_exception_handler(contract.LikewiseError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_middleware(UnexpectedErrors)


class UnexpectedErrors:
    """Answers what nobody foresaw: 500 to the client, the traceback to the log and only there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer if it fails before an answer has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            logger.exception("request %s failed", request_id(scope))
            if begun:
                raise  # too late for another answer: the server has to cut the connection
            await problem(request_id(scope), error, "see the service's log for this request id")(
                scope, receive, send
            )


def problem(
    identifier: str,
    error: Exception,
    detail: str,
    answer: Answer | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for an error.

    Args:
        identifier: The request's id.
        error: What was raised; its extension attributes become members.
        detail: What was wrong this time.
        answer: Where None, that of the error's class.
        headers: Further headers.
    """
    known = answer or answer_for(type(error))
    members = {
        "type": TYPE_PREFIX + known.slug,
        "title": known.title,
        "status": known.status.value,
        "detail": detail,
        "request_id": identifier,
    }
    members |= {n: v for n in _EXTENSIONS if (v := getattr(error, n, None)) not in (None, ())}
    retry = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, _WORTH_A_RETRY) else {}
    return Response(
        json.dumps(members, allow_nan=False),
        status_code=known.status.value,
        headers={**retry, **(headers or {})},
        media_type=MEDIA_TYPE,
    )


async def _answer_error(request: Request, error: Exception) -> Response:
    if answer_for(type(error)).status is HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request %s: %s", request_id(request.scope), error)
    return problem(request_id(request.scope), error, str(error))


async def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (for the type checker)
    readable = to_parameter_error(error.errors())
    return problem(request_id(request.scope), readable, str(readable))


async def _answer_http(request: Request, error: Exception) -> Response:
    """What the router raises: no such path, no such method. Its headers (Allow) are kept."""
    assert isinstance(error, HTTPException)  # noqa: S101 (for the type checker)
    status = HTTPStatus(error.status_code)
    answer = Answer(status, status.phrase.lower().replace(" ", "-"), status.phrase)
    detail = f"{request.method} {request.url.path}: {status.description or status.phrase}"
    return problem(request_id(request.scope), error, detail, answer, error.headers)
