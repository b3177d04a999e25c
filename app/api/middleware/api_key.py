"""Authentication: a request without a valid API key is refused before its body is read.

Every path needs a key, except those in `OPEN`: a new route is protected by default.
"""

import logging
from typing import Any

from fastapi import FastAPI

# The same path as the router's: with another, a protected route could be open here.
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import docs, page
from app.api.middleware.request_id import request_id
from app.api.problem_types import documented
from app.api.problems import problem
from app.errors import ApiKeyError, NotReadyError
from app.keys.ring import KeyRing

logger = logging.getLogger(__name__)

OPEN = frozenset({"/", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json"})
"""Probes and scrapers have no key, and the pages hold nothing that the source code does not."""
_MAX_KEY_BYTES = 256
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


class RequireKey:
    """Middleware that lets requests with a valid key through, and logs the key's name."""

    def __init__(self, app: ASGIApp, ring: KeyRing) -> None:
        self._app = app
        self._ring = ring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request, or answer 401 or 503 without calling `receive`."""
        if scope["type"] == "http" and not _is_open(get_route_path(scope)):
            try:
                name = self._name_of(_key(scope))
            except ApiKeyError as error:
                await _refusal(scope, error)(scope, receive, send)
                return
            except NotReadyError as error:
                await problem(request_id(scope), error, str(error))(scope, receive, send)
                return
            logger.debug("request %s by %s", request_id(scope), name)
        await self._app(scope, receive, send)

    def _name_of(self, key: bytes | None) -> str:
        if key is None:
            raise ApiKeyError(
                "this service asks for an API key; send it as `Authorization: Bearer KEY` "
                "or as `X-API-Key: KEY`"
            )
        name = self._ring.name_of(key) if len(key) <= _MAX_KEY_BYTES else None
        if name is None:
            raise ApiKeyError(
                "the API key is not one that this service knows; ask its operator", given=True
            )
        return name


def install(app: FastAPI, ring: KeyRing) -> None:
    """Add the check of keys, and document it in the OpenAPI document."""
    app.add_middleware(RequireKey, ring=ring)
    plain = app.openapi

    def with_keys() -> dict[str, Any]:
        document = plain()
        document["components"]["securitySchemes"] = _SCHEMES
        document["security"] = [{name: []} for name in _SCHEMES]
        for path, calls in document["paths"].items():
            for call in calls.values():
                _document_call(path, call)
        return document

    app.openapi = with_keys  # type: ignore[method-assign] # FastAPI's own way to extend it


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith((f"{docs.ASSETS}/", f"{page.ASSETS}/"))


def _key(scope: Scope) -> bytes | None:
    """Return the key in the headers; `X-API-Key` wins, so a gateway may use `Authorization`."""
    bearer = None
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return bytes(value)
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            bearer = bytes(value[7:]).strip()
    return bearer


def _refusal(scope: Scope, error: ApiKeyError) -> ASGIApp:
    challenge = 'Bearer realm="likewise"' + (', error="invalid_token"' if error.given else "")
    headers = {"WWW-Authenticate": challenge}
    return problem(request_id(scope), error, str(error), headers=headers)


def _document_call(path: str, call: dict[str, Any]) -> None:
    if _is_open(path):
        call["security"] = []
    else:
        call["responses"] |= {str(s): entry for s, entry in documented(ApiKeyError).items()}
