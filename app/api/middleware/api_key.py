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
from app.errors import ApiKeyError, NotReadyError, ScopeError
from app.keys.entries import KeyEntry
from app.keys.ring import KeyRing
from app.keys.scopes import scope_of, scopes_text

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
                entry = self._entry_of(_key(scope))
                _check_scope(entry, scope)
            except ApiKeyError as error:
                await _refusal(scope, error)(scope, receive, send)
                return
            except (NotReadyError, ScopeError) as error:
                await problem(request_id(scope), error, str(error))(scope, receive, send)
                return
            logger.debug("request %s by %s", request_id(scope), entry.name)
            scope.setdefault("state", {}).update(key=entry.name, scopes=entry.scopes)
        await self._app(scope, receive, send)

    def _entry_of(self, key: bytes | None) -> KeyEntry:
        if key is None:
            raise ApiKeyError(
                "this service asks for an API key; send it as `Authorization: Bearer KEY` "
                "or as `X-API-Key: KEY`"
            )
        entry = self._ring.entry_of(key) if len(key) <= _MAX_KEY_BYTES else None
        if entry is None:
            raise ApiKeyError(
                "the API key is not one that this service knows; ask its operator", given=True
            )
        return entry


def _check_scope(entry: KeyEntry, scope: Scope) -> None:
    """Check that a key allows a call.

    Raises:
        ScopeError: It does not.
    """
    needed = scope_of(scope["method"], get_route_path(scope))
    if needed not in entry.scopes:
        raise ScopeError(
            f"this call needs an API key with the scope {needed.value}; this one has "
            f"{scopes_text(entry.scopes)}"
        )


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
        answers = documented(ApiKeyError, ScopeError)
        call["responses"] |= {str(status): entry for status, entry in answers.items()}
