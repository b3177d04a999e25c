"""What every request has around it: a name, its place in the counts, one line in the log.

One layer and not one for each of these, for each would put its own call around both messages of
every answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter

# The router's own idea of the path, behind a gateway's prefix too.
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.middleware import request_id
from app.telemetry.logs import AccessLog, named_request, trace_id_of
from app.telemetry.telemetry import Telemetry

GONE = 499
"""What stands for the status where the client went before its answer; nginx's number for it."""
UNKNOWN = "other"
"""The one route of all paths that this service does not have."""
QUIET = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines; logged where they fail, or on `debug`."""
PROBLEM = "problem"
"""Under which an answer's type of problem is found in the scope's state."""
NO_SNIFFING = (b"x-content-type-options", b"nosniff")
"""No answer is anything else than what its Content-Type says, whatever a browser thinks."""
_SILENT = Telemetry()


class Routes:
    """The route of a path, from a bounded set whatever clients send."""

    def __init__(self, templates: Iterable[str]) -> None:
        """Take the templates of all routes; in one with a parameter, the parameter is the last."""
        known = list(templates)
        self._whole = {template: template for template in known if "{" not in template}
        self._begun = [(t.partition("{")[0], t) for t in known if "{" in t]

    def of(self, scope: Scope) -> str:
        """The template of the request's route."""
        path = get_route_path(scope)
        whole = self._whole.get(path)
        if whole is not None:
            return whole
        return next((t for begin, t in self._begun if path.startswith(begin)), UNKNOWN)


class Observability:
    """Names each request, and measures it from its first byte here to its answer.

    The answer tells the name, and forbids browsers to guess what it is. The log's line has nothing
    of the body.
    """

    def __init__(self, app: ASGIApp, routes: Routes, log: AccessLog | None) -> None:
        self._app, self._routes, self._log = app, routes, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request and pass it on; count and log it when it is over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), GONE
        name = request_id.give(scope)
        named_request(name, trace_id_of(scope["headers"]))

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                message["headers"] = [*headers, request_id.header(name), NO_SNIFFING]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._tell(scope, status, perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        telemetry: Telemetry = getattr(scope["app"].state, "telemetry", _SILENT)
        route = self._routes.of(scope)
        telemetry.requested(route, status, seconds)
        problem: str | None = scope["state"].get(PROBLEM)
        if problem is not None:
            telemetry.refused(problem)
        if self._log is not None and not (route in QUIET and status < 400):  # noqa: PLR2004 (an error)
            self._log.answered(
                seconds,
                client=scope["client"][0] if scope.get("client") else None,
                method=scope["method"],
                route=route,
                status=status,
                model=telemetry.chosen(),
            )
