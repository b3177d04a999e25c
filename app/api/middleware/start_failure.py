"""A start that fails for a known reason ends in one sentence, not in a traceback."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.errors import LikewiseError


class StartFailure:
    """Replaces the traceback that Starlette reports to the server by the error's own message."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch the lifespan; leave requests alone."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failure: Message | None = None

        async def held_back(message: Message) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":
                failure = message
            else:
                await send(message)

        try:
            await self._app(scope, receive, held_back)
        except LikewiseError as error:
            if failure is None:
                raise
            sentence = " ".join(str(error).split())
            await send({"type": "lifespan.startup.failed", "message": sentence})
