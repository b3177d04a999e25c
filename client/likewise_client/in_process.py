"""A service inside this process: the same application, called without a socket.

Requires the distribution `likewise`, and reads its settings, `LIKEWISE_…`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from likewise_client.client import Likewise
from likewise_client.errors import LikewiseClientError

URL = "http://in-process"
_QUIET = {"access_log": False, "metrics": False, "api_keys_file": None}
"""Settings without use in a process that serves one caller and no scraper."""

T = TypeVar("T")


class _Loop:
    """An event loop in its own thread, which runs the asynchronous application."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there, and wait for it: the service's deadlines bound the wait."""
        return asyncio.run_coroutine_threadsafe(step, self._loop).result()

    def close(self) -> None:
        """Stop the loop and end its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _AppTransport(httpx.BaseTransport):
    """A synchronous transport that calls an ASGI application."""

    def __init__(self, app: Any, loop: _Loop) -> None:  # noqa: ANN401 (an ASGI application)
        self._inner, self._loop = httpx.ASGITransport(app), loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's response, read as a whole."""
        request.read()

        async def respond() -> httpx.Response:
            response = await self._inner.handle_async_request(request)
            content = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        return self._loop.run(respond())


@contextmanager
def in_process(model: str | None = None) -> Iterator[Likewise]:
    """Yield a client of a service that runs as long as this context.

    Args:
        model: As in `Likewise`.

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
    loop = _Loop()
    try:
        app = create_app(read_settings().model_copy(update=_QUIET))
        lifespan = app.router.lifespan_context(app)
        loop.run(lifespan.__aenter__())
        try:
            yield Likewise(URL, model=model, transport=_AppTransport(app, loop))
        finally:
            loop.run(lifespan.__aexit__(None, None, None))
    except LikewiseError as error:
        raise LikewiseClientError(str(error)) from error
    finally:
        loop.close()
        log.setLevel(level)
