"""Request id, metrics and access log of every request.

One middleware does all three, because each would add a call around both messages of every answer.
"""

import re
from collections.abc import Iterable
from time import perf_counter

# The same path as the router's, behind a gateway's prefix too.
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.middleware import request_id
from app.telemetry.logs import AccessLog, name_request, trace_id_of
from app.telemetry.telemetry import Telemetry

GONE = 499
"""Status that is counted if the client disconnects before its answer (as in nginx)."""
UNKNOWN = "other"
"""Route that is counted for every path that this service does not have."""
QUIET = frozenset({"/livez", "/readyz", "/metrics"})
"""Routes that machines call every few seconds; only their failures are logged."""
PROBLEM = "problem"
"""Key of an answer's problem type in the scope's state."""
NO_SNIFFING = (b"x-content-type-options", b"nosniff")
"""Header that forbids browsers to guess another type than the answer's Content-Type."""
_LONGEST_ADDRESS = 64
"""Characters of an IPv6 address with its zone, with room to spare."""
_SILENT = Telemetry()


class Routes:
    """Map from a path to its route, from a bounded set whatever clients send."""

    def __init__(self, templates: Iterable[str]) -> None:
        """Take the templates of all routes; each is longer than those that it begins with."""
        known = sorted(templates, key=len, reverse=True)
        self._whole = {template: template for template in known if "{" not in template}
        self._patterns = [(_pattern(t), t) for t in known if "{" in t]

    def of(self, scope: Scope) -> str:
        """Return the template of the request's route."""
        path = get_route_path(scope)
        whole = self._whole.get(path)
        if whole is not None:
            return whole
        return next((t for pattern, t in self._patterns if pattern.fullmatch(path)), UNKNOWN)


def _pattern(template: str) -> re.Pattern[str]:
    """Return the pattern of a template's paths; a parameter at the end takes whatever follows."""
    *inner, last = re.split(r"\{\w+\}", template)
    parts = "[^/]+".join(map(re.escape, inner))
    return re.compile(parts + (f"[^/]+{re.escape(last)}" if last else ".*"), re.DOTALL)


class Observability:
    """Middleware that gives each request an id, measures it and logs it.

    The answer carries the id, and a header against type sniffing. The log line holds nothing of the
    body.
    """

    def __init__(self, app: ASGIApp, routes: Routes, log: AccessLog | None) -> None:
        self._app, self._routes, self._log = app, routes, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request an id and pass it on; count and log it at its end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), GONE
        identifier = request_id.assign(scope)
        name_request(identifier, trace_id_of(scope["headers"]))

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                message["headers"] = [*headers, request_id.header(identifier), NO_SNIFFING]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._record(scope, status, perf_counter() - began)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        telemetry: Telemetry = getattr(scope["app"].state, "telemetry", _SILENT)
        route = self._routes.of(scope)
        telemetry.requested(route, status, seconds)
        problem: str | None = scope["state"].get(PROBLEM)
        if problem is not None:
            telemetry.refused(problem)
        if self._log is not None and not (route in QUIET and status < 400):  # noqa: PLR2004 (an error)
            self._log.answered(
                seconds,
                client=_address(scope),
                method=scope["method"],
                route=route,
                status=status,
                model=telemetry.chosen(),
            )


def _address(scope: Scope) -> str | None:
    """Return the client's address; a proxy's header may hold any text, which is not logged."""
    if not scope.get("client"):
        return None
    address: str = scope["client"][0]
    return address if len(address) <= _LONGEST_ADDRESS and address.isascii() else "invalid"
