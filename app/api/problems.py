"""Translation of errors into HTTP answers, in one place: RFC 9457, `application/problem+json`."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import errors
from app.api.bodies.parameters import to_parameter_error
from app.api.middleware.observability import PROBLEM
from app.api.middleware.request_id import request_id
from app.api.problem_types import ANSWERS, MEDIA_TYPE, TYPE_PREFIX, Answer, answer_for
from model.errors import LikewiseError

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 1
_EXTENSIONS = ("row", "supported", "largest_galleries", "available", "errors")
"""Attributes of errors that become members of the problem, for programs."""
TYPES = tuple(sorted({answer.slug for answer in ANSWERS.values()}))
"""The types of all known errors."""
_DOCS = "GET /docs shows each call"
_REMEDY = {"POST": f"send its images or embeddings as the body of a POST; {_DOCS}"}
"""What to do instead, by the method that a path takes."""
_RETRYABLE = (
    errors.NotReadyError,
    errors.OverloadedError,
    errors.RunnerFailedError,
    errors.StoreError,
)


class Problem(BaseModel):
    """Why a request was not answered. Some problems have members beyond these."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A stable name for programs.")
    title: str = Field(description="What the type means, the same every time.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong this time, and what to do about it.")
    request_id: str = Field(description="As in the header X-Request-ID, and in the service's log.")


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem."""
    app.add_exception_handler(LikewiseError, answer_error)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_middleware(UnexpectedErrors)


class UnexpectedErrors:
    """Middleware that turns an unhandled exception into a 500; the traceback is only logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request; answer 500 if it fails before its answer has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            logger.exception("request %s failed", request_id(scope))
            if begun:
                raise  # An answer has begun: the server must close the connection.
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
    """Return the response for an error.

    Args:
        identifier: The request's id.
        error: The exception; its extension attributes become members.
        detail: The description of this occurrence.
        answer: The HTTP answer; None for that of the error's class.
        headers: Further headers.
    """
    known = answer or answer_for(type(error))
    members: dict[str, object] = {
        "type": TYPE_PREFIX + known.slug,
        "title": known.title,
        "status": known.status.value,
        "detail": detail,
        "request_id": identifier,
    }
    members |= _extensions(error)
    retry = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, _RETRYABLE) else {}
    response = _ProblemResponse(
        json.dumps(members, allow_nan=False),
        status_code=known.status.value,
        headers={**retry, **(headers or {})},
        media_type=MEDIA_TYPE,
    )
    response.slug = known.slug
    return response


class _ProblemResponse(Response):
    """A problem that stores its type in the scope, for the metrics."""

    slug: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        scope.setdefault("state", {})[PROBLEM] = self.slug
        await super().__call__(scope, receive, send)


def _extensions(error: Exception) -> dict[str, object]:
    """Return the members of our own errors; others may use these names for something else."""
    if not isinstance(error, LikewiseError):
        return {}
    found = {name: getattr(error, name, None) for name in _EXTENSIONS}
    return {name: value for name, value in found.items() if value not in (None, ())}


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer one of our own errors."""
    if answer_for(type(error)).status is HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request %s: %s", request_id(request.scope), error)
    return problem(request_id(request.scope), error, str(error))


async def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (for the type checker)
    readable = to_parameter_error(error.errors())
    return problem(request_id(request.scope), readable, str(readable))


async def _answer_http(request: Request, error: Exception) -> Response:
    """Answer an error of the router: no such path or method. Its headers (Allow) are kept."""
    assert isinstance(error, HTTPException)  # noqa: S101 (for the type checker)
    status = HTTPStatus(error.status_code)
    answer = Answer(status, status.phrase.lower().replace(" ", "-"), status.phrase)
    allowed = (error.headers or {}).get("Allow")
    remedy = f"this path takes {allowed}; {_REMEDY.get(allowed, _DOCS)}" if allowed else None
    detail = f"{request.method} {request.url.path}: {remedy or status.description or status.phrase}"
    return problem(request_id(request.scope), error, detail, answer, error.headers)
