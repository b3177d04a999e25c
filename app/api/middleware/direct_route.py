"""Routes that FastAPI documents and that are answered without its router.

FastAPI's way to an endpoint goes through exit stacks, nested routers, the resolution of
dependencies and the validation of the answer. An endpoint that takes a request and returns a
response needs none of these; docs/decisions/0021-around-the-router.md has their cost.
"""

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
    """Middleware that answers the calls of direct routes and passes on all others to the router."""

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
    """Return an answer as JSON, encoded by pydantic."""
    return Response(answer.model_dump_json(), media_type="application/json")
