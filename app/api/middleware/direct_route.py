"""Routes that FastAPI documents and that are answered without its router.

FastAPI's way to an endpoint goes through exit stacks, nested routers, the resolution of
dependencies and the validation of the answer. An endpoint that takes a request and returns a
response needs none of these; docs/decisions/0021-around-the-router.md has their cost.
"""

import re
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

# The same path as the router's, behind a gateway's prefix too.
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import answer_error
from model.errors import LikewiseError

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class DirectRoute(APIRoute):
    """A route whose endpoint takes a `request` and returns a `Response`."""

    def get_route_handler(self) -> Endpoint:
        """Return the endpoint itself, for requests that come through the router."""
        endpoint: Endpoint = self.endpoint
        return endpoint


class DirectCalls:
    """Middleware that answers the calls of direct routes and passes on all others to the router.

    A path with parameters is found by the pattern of its route, among those of its method.
    """

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self._app = app
        self._whole: dict[tuple[str, str], Endpoint] = {}
        self._patterns: dict[str, list[tuple[re.Pattern[str], Endpoint]]] = {}
        for router in routers:
            for route in router.routes:
                if isinstance(route, DirectRoute):
                    self._add(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        endpoint = self._find(scope) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except LikewiseError as error:
            response = await answer_error(request, error)
        await response(scope, receive, send)

    def _add(self, route: DirectRoute) -> None:
        for method in route.methods or ():
            if route.param_convertors:
                self._patterns.setdefault(method, []).append((route.path_regex, route.endpoint))
            else:
                self._whole[method, route.path] = route.endpoint

    def _find(self, scope: Scope) -> Endpoint | None:
        """Return the endpoint of a request, and put the parameters of its path into the scope."""
        method, path = scope["method"], get_route_path(scope)
        endpoint = self._whole.get((method, path))
        if endpoint is not None:
            return endpoint
        for pattern, found in self._patterns.get(method, ()):
            match = pattern.match(path)
            if match:
                scope["path_params"] = match.groupdict()
                return found
        return None


def json_response(answer: BaseModel) -> Response:
    """Return an answer as JSON, encoded by pydantic."""
    return Response(answer.model_dump_json(), media_type="application/json")
