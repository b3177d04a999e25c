"""Behind a gateway that serves this service under a prefix of its own."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """Tells the application where it is mounted, whether or not the gateway strips the prefix.

    ASGI wants `path` to hold the prefix and `root_path` to name it. A gateway that strips it sends
    `/verify`, one that does not `/likewise/verify`: both become the latter.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Correct the path, and pass the request on."""
        if scope["type"] != "lifespan":
            scope["root_path"] = self._root_path
            if not f"{scope['path']}/".startswith(f"{self._root_path}/"):
                scope["path"] = self._root_path + scope["path"]
        await self._app(scope, receive, send)
