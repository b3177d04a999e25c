"""A service inside this process: the same application, called without a socket.

Needs the distribution `likewise` beside this one. It takes the usual settings, `LIKEWISE_…`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from likewise_client.errors import LikewiseClientError
from likewise_client.front import Likewise

URL = "http://in-process"
_QUIET = {"access_log": False, "metrics": False, "api_keys_file": None}
"""Nobody else calls, and nobody scrapes."""

T = TypeVar("T")


class _Loop:
    """An event loop in a thread of its own, for an application that is asynchronous."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        """Run something there, and wait for it: the service's own deadlines bound that."""
        return asyncio.run_coroutine_threadsafe(step, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Calls(httpx.BaseTransport):
    """Requests become calls of the application."""

    def __init__(self, app: Any, loop: _Loop) -> None:  # noqa: ANN401 (an ASGI application)
        self._inner, self._loop = httpx.ASGITransport(app), loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let the application answer."""
        request.read()

        async def answered() -> httpx.Response:
            response = await self._inner.handle_async_request(request)
            content = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        return self._loop.run(answered())


@contextmanager
def in_process(model: str | None = None) -> Iterator[Likewise]:
    """A client of a service that lives as long as this context.

    Args:
        model: As in `Likewise`.

    Raises:
        LikewiseClientError: `likewise` is not installed, a setting is wrong, or the default model
            cannot be served.
    """
    try:
        from app.main import create_app  # noqa: PLC0415 (needed here alone, and heavy)
        from app.settings import read_settings  # noqa: PLC0415
        from model.errors import LikewiseError  # noqa: PLC0415
    except ImportError as error:
        raise LikewiseClientError(
            "no server is named, and the service is not installed here; give --server URL or set "
            "LIKEWISE_URL, or install the distribution `likewise` beside this one"
        ) from error
    log = logging.getLogger("app")
    level = log.level
    log.setLevel(logging.ERROR)  # Not what a server says at its start.
    loop = _Loop()
    try:
        app = create_app(read_settings().model_copy(update=_QUIET))
        running = app.router.lifespan_context(app)
        loop.run(running.__aenter__())
        try:
            yield Likewise(URL, model=model, transport=_Calls(app, loop))
        finally:
            loop.run(running.__aexit__(None, None, None))
    except LikewiseError as error:
        raise LikewiseClientError(str(error)) from error
    finally:
        loop.close()
        log.setLevel(level)
