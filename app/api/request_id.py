"""A name for each request, by which a client's report and the log find each other."""

from __future__ import annotations

import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
"""Short, and unable to forge a log line or a header."""
_KEY = "request_id"


class RequestId:
    """Takes the client's `X-Request-ID` where it is sane, else makes one, and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request, and put the name into the answer's headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        identifier = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})[_KEY] = identifier

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = identifier
            await send(message)

        await self._app(scope, receive, named)


def request_id(scope: Scope) -> str:
    """The name that `RequestId` gave to this request."""
    identifier: str = scope["state"][_KEY]
    return identifier
