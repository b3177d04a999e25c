"""A name for each request, by which a client's report and the log find each other."""

from __future__ import annotations

import random
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
_HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
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
        identifier = _given(scope) or _new()
        header = (_HEADER, identifier.encode("ascii"))
        scope.setdefault("state", {})[_KEY] = identifier

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        await self._app(scope, receive, named)


def _new() -> str:
    """A name that no other request has: 128 random bits; they guard nothing.

    Not by `os.urandom`, which gives up the interpreter's lock, and so a turn, each time.
    """
    return f"{random.getrandbits(128):032x}"


def _given(scope: Scope) -> str | None:
    """The client's own name for the request, where it is sane."""
    for name, value in scope["headers"]:
        if name == _HEADER:
            return value.decode("ascii") if _SANE.fullmatch(value) else None
    return None


def request_id(scope: Scope) -> str:
    """The name that `RequestId` gave to this request."""
    identifier: str = scope["state"][_KEY]
    return identifier
