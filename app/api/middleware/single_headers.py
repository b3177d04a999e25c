"""Headers that a request may have once: of two, one would be ignored."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.middleware.request_id import request_id
from app.api.problems import problem
from app.errors import RequestError

SINGLE = frozenset(
    {
        *(b"host", b"content-type", b"content-encoding", b"content-length", b"origin"),
        *(b"authorization", b"x-api-key", b"x-deadline-ms", b"x-request-id", b"traceparent"),
    }
)
"""All headers that are read here and are no lists. `Accept` and `X-Forwarded-For` are lists."""


class SingleHeaders:
    """Middleware that refuses a request with two of one such header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request, or answer 400 without calling `receive`."""
        if scope["type"] == "http":
            names: list[bytes] = [name for name, _ in scope["headers"]]
            if len(set(names)) < len(names):
                repeated = sorted(name for name in SINGLE if names.count(name) > 1)
                if repeated:
                    await _refusal(scope, repeated[0].decode())(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _refusal(scope: Scope, name: str) -> ASGIApp:
    error = RequestError(f"the header {name} is there twice; send it once")
    return problem(request_id(scope), error, str(error))
