"""One sentence, not a traceback, if the start fails for a known reason."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.errors import LikewiseError


class StartFailure:
    """Middleware that reports an error's message to the server, not Starlette's traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold back the failure of a lifespan; pass on requests unchanged."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failure: Message | None = None

        async def hold_failure(message: Message) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":
                failure = message
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except LikewiseError as error:
            if failure is None:
                raise
            sentence = " ".join(str(error).split())
            await send({"type": "lifespan.startup.failed", "message": sentence})
