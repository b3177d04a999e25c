"""One worker's HTTP server: uvicorn's, with an end that gives load balancers time to take notice.

Told to stop, it is no longer ready and still answers, and each answer asks its client to connect
anew, which finds another replica. After `drain_delay_s` the listening socket closes; requests that
begin on open connections are refused with 503, and those in flight have `drain_timeout_s` to end.
"""

from __future__ import annotations

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

_LAST_GOODBYES_S = 1
"""For connections to close once nothing is in flight; uvicorn takes whole seconds."""
_LOOK_S = 0.02
_CLOSE = (b"connection", b"close")
SIGNALLED = 128
"""Added to a signal's number, the exit status of a process that it ended at once."""


def serve(
    settings: Settings, worker_states: WorkerStates, listening: socket.socket | None = None
) -> int:
    """Run one worker until it is told to stop.

    Args:
        settings: Every choice that the service makes.
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
    """The settings in uvicorn's terms."""
    bounds = Bounds(settings.max_connections, settings.head_timeout_s, settings.body_timeout_s)
    return uvicorn.Config(
        app,
        http=partial(BoundedConnection, bounds),  # type: ignore[arg-type] # called, no more
        timeout_keep_alive=settings.keep_alive_s,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        lifespan="on",
        log_config=logging_config(settings.log_level, settings.log_format),
        access_log=False,
        server_header=False,
        ws="none",  # no route speaks it, and what answers it knows none of our rules
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_graceful_shutdown=_LAST_GOODBYES_S,
    )


class Server(uvicorn.Server):
    """Uvicorn's server, which drains before it closes."""

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
        """Start, and leave what there is by then, which stays, out of all garbage collections."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; a second signal ends at once.

        In a worker of several the supervisor counts signals: a whole group may be sent one, and
        the supervisor pass it on.
        """
        del frame
        if self._supervisor is None and self._worker_states.leaving:
            os._exit(SIGNALLED + sig)
        if self._supervisor is None or sig != signal.SIGINT:
            self._worker_states.leave()

    async def on_tick(self, counter: int) -> bool:
        """Uvicorn asks ten times a second whether to go on to `shutdown`."""
        if await super().on_tick(counter):
            return True
        if self._supervisor is not None and not self._supervisor.is_alive():
            self._worker_states.leave()
        if not self._worker_states.leaving:
            return False
        if self._closes_at is None:
            self._closes_at = time.monotonic() + self._settings.drain_delay_s
            self._ask_clients_to_reconnect()
        return time.monotonic() >= self._closes_at

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, refuse what begins, wait for what is in flight, and close."""
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        self._refuse_requests()
        await asyncio.sleep(_LOOK_S)  # What was accepted a moment ago is still told so.
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
        """Uvicorn adds these headers to each answer, and heeds them itself."""
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
