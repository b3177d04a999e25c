"""Path prefix of a gateway that serves this service below its own root."""

from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """Middleware that sets the path and its prefix, whether or not the gateway strips the prefix.

    In ASGI `path` includes the prefix, and `root_path` is the prefix. A gateway that strips it
    sends `/verify`, another sends `/likewise/verify`; both become the latter.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Correct the path, and pass on the request."""
        if scope["type"] != "lifespan":
            scope["root_path"] = self._root_path
            if not f"{scope['path']}/".startswith(f"{self._root_path}/"):
                scope["path"] = self._root_path + scope["path"]
        await self._app(scope, receive, send)
