"""A service inside this process: the same application, called without a socket.

Requires the distribution `likewise`, and reads its settings, `LIKEWISE_…`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from likewise_client.client import Likewise
from likewise_client.errors import LikewiseClientError

URL = "http://in-process"
_QUIET = {"access_log": False, "metrics": False, "api_keys_file": None}
"""Settings without use in a process that serves one caller and no scraper."""


class _AppTransport(httpx.BaseTransport):
    """A synchronous transport that calls an ASGI application on the event loop of a portal."""

    def __init__(self, app: Any, portal: BlockingPortal) -> None:  # noqa: ANN401 (ASGI)
        self._inner, self._portal = httpx.ASGITransport(app), portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's response, read as a whole."""
        request.read()
        return self._portal.call(self._respond, request)

    async def _respond(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


@contextmanager
def in_process(model: str | None = None) -> Iterator[Likewise]:
    """Yield a client of a service that runs as long as this context.

    Raises:
        LikewiseClientError: `likewise` is not installed, a setting is wrong, or the default model
            cannot be served.
    """
    try:
        from app.main import create_app  # noqa: PLC0415 (slow, and used only here)
        from app.settings import read_settings  # noqa: PLC0415
        from model.errors import LikewiseError  # noqa: PLC0415
    except ImportError as error:
        raise LikewiseClientError(
            "no server is named, and the service is not installed here; give --server URL or set "
            "LIKEWISE_URL, or install the distribution `likewise` beside this one"
        ) from error
    log = logging.getLogger("app")
    level = log.level
    log.setLevel(logging.ERROR)  # Hides the messages of a server's start.
    try:
        app = create_app(read_settings().model_copy(update=_QUIET))
        lifespan = app.router.lifespan_context(app)
        with start_blocking_portal() as portal:
            portal.call(lifespan.__aenter__)
            try:
                yield Likewise(URL, model=model, transport=_AppTransport(app, portal))
            finally:
                portal.call(lifespan.__aexit__, None, None, None)
    except LikewiseError as error:
        raise LikewiseClientError(str(error)) from error
    finally:
        log.setLevel(level)
