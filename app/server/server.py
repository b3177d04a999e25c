"""HTTP server of one worker: uvicorn's, with a shutdown that gives load balancers time to react.

On SIGTERM it is no longer ready but still answers, and each answer asks its client to reconnect,
which leads it to another replica. After `drain_delay_s` the listening socket closes; new requests
on open connections get 503, and those in flight have `drain_timeout_s` to end.
"""

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.main import create_app, refuse_requests
from app.server.http_protocol import BoundedConnection, Bounds
from app.settings import Settings
from app.telemetry.logs import logging_config
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 1
"""For connections to close once no request is in flight; uvicorn takes whole seconds."""
_ACCEPT_S = 0.02
_CLOSE = (b"connection", b"close")
SIGNALLED = 128
"""Plus a signal's number: the exit status of a process that the signal ended at once."""


def serve(
    settings: Settings, worker_states: WorkerStates, listening: socket.socket | None = None
) -> int:
    """Run one worker until it is stopped.

    Args:
        settings: The service's settings.
        worker_states: The states of all workers.
        listening: The socket that all workers share; None to open one.

    Returns:
        The exit status. A service that cannot start raises SystemExit with it.
    """
    app = create_app(settings, worker_states)
    server = Server(
        server_config(settings, app), settings, worker_states, partial(refuse_requests, app)
    )
    server.run(None if listening is None else [listening])
    return 0 if server.started else STARTUP_FAILURE


def server_config(settings: Settings, app: Callable[..., Any] | str) -> uvicorn.Config:
    """Translate the settings to uvicorn's configuration."""
    bounds = Bounds(settings.max_connections, settings.head_timeout_s, settings.body_timeout_s)
    return uvicorn.Config(
        app,
        http=partial(BoundedConnection, bounds),  # type: ignore[arg-type] # uvicorn only calls it
        timeout_keep_alive=settings.keep_alive_s,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        lifespan="on",
        log_config=logging_config(settings.log_level, settings.log_format),
        access_log=False,
        server_header=False,
        ws="none",  # No route uses it, and its protocol class has none of our bounds.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_graceful_shutdown=_CLOSE_TIMEOUT_S,
    )


class Server(uvicorn.Server):
    """Uvicorn's server with a drain before it closes."""

    def __init__(
        self,
        config: uvicorn.Config,
        settings: Settings,
        worker_states: WorkerStates,
        refuse_requests: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._settings, self._worker_states, self._refuse_requests = (
            settings,
            worker_states,
            refuse_requests,
        )
        self._supervisor = multiprocessing.parent_process()
        self._closes_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then freeze: objects alive after start-up are excluded from garbage collection."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start to drain; exit at once on a second signal.

        With several workers the supervisor counts the signals: one that is sent to the whole
        process group reaches a worker twice, from the sender and from the supervisor.
        """
        del frame
        if self._supervisor is None and self._worker_states.is_stopping:
            os._exit(SIGNALLED + sig)
        if self._supervisor is None or sig != signal.SIGINT:
            self._worker_states.stop()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to go on to `shutdown`; uvicorn calls this ten times a second."""
        if await super().on_tick(counter):
            return True
        if self._supervisor is not None and not self._supervisor.is_alive():
            self._worker_states.stop()
        if not self._worker_states.is_stopping:
            return False
        if self._closes_at is None:
            self._closes_at = time.monotonic() + self._settings.drain_delay_s
            self._ask_clients_to_reconnect()
        return time.monotonic() >= self._closes_at

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, refuse new requests, wait for those in flight, and close."""
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        self._refuse_requests()
        await asyncio.sleep(_ACCEPT_S)  # Connections accepted just now still get their 503.
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=self._settings.drain_timeout_s)
        if self.server_state.tasks:
            logger.error(
                "%d requests are cut: they took longer than LIKEWISE_DRAIN_TIMEOUT_S=%g",
                len(self.server_state.tasks),
                self._settings.drain_timeout_s,
            )
            self.config.timeout_graceful_shutdown = 0
        await super().shutdown(sockets)

    def _ask_clients_to_reconnect(self) -> None:
        """Add `connection: close` to each answer; uvicorn then closes the connection itself."""
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
