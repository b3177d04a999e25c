"""Routes of the hot path: FastAPI documents them, and has no part in answering them.

FastAPI's way to an endpoint goes through a stack for what dependencies leave open, routers within
routers, the resolution of dependencies, and the validation and encoding of the answer. For a call
that takes a request and makes its own response that is work for nothing, a tenth of a millisecond
or more each time.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

# The router's own idea of the path, behind a gateway's prefix too.
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import answer_error
from model.errors import LikewiseError

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class DirectRoute(APIRoute):
    """A route whose endpoint takes a `request` and gives a `Response`."""

    def get_route_handler(self) -> Endpoint:
        """The endpoint itself, for requests that come this way."""
        endpoint: Endpoint = self.endpoint
        return endpoint


class DirectCalls:
    """Answers the calls of direct routes, and passes everything else on to the router."""

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self._app = app
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint
            for router in routers
            for route in router.routes
            if isinstance(route, DirectRoute)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endpoint = self._endpoints.get((scope["method"], get_route_path(scope)))
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except LikewiseError as error:
            response = await answer_error(request, error)
        await response(scope, receive, send)


def json_response(answer: BaseModel) -> Response:
    """An answer as JSON, encoded by pydantic's own serialiser."""
    return Response(answer.__pydantic_serializer__.to_json(answer), media_type="application/json")
