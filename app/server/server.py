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
import sys
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.main import create_app, ready_message, refuse_requests
from app.server.bounds import Bounds
from app.server.ending import GRACE_S, end_within
from app.server.http_protocol import BoundedConnection
from app.server.sockets import in_use, is_listening
from app.settings import Settings
from app.telemetry.logs import logging_config
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 1
"""For connections to close once no request is in flight; uvicorn takes whole seconds."""
_ACCEPT_S = 0.02
_TICK_S = 0.1
_CLOSE = (b"connection", b"close")
_GARBAGE_AFTER = 20_000
"""Objects that may be in cycles, from which the collector looks for these. Python's 700 are those
of two batches, nearly all of them in use."""
SIGNALLED = 128
"""Plus a signal's number: the exit status of a process that the signal ended at once."""


def serve(settings: Settings, worker_states: WorkerStates, listening: list[socket.socket]) -> int:
    """Run one worker until it is stopped.

    Args:
        settings: The service's settings.
        worker_states: The states of all workers.
        listening: The bound sockets, which all workers share.

    Returns:
        The exit status. A service that cannot start raises SystemExit with it.
    """
    app = create_app(settings, worker_states)
    config = server_config(settings, app, worker_states.label)
    server = Server(
        config, settings, worker_states, partial(refuse_requests, app), partial(ready_message, app)
    )
    server.run(listening)
    logger.info("stopped")
    return 0 if server.started or worker_states.is_stopping else STARTUP_FAILURE


def server_config(
    settings: Settings, app: Callable[..., Any], worker: int | None = None
) -> uvicorn.Config:
    """Translate the settings to uvicorn's configuration, with the index of the worker if any."""
    bounds = Bounds(settings.max_connections, settings.head_timeout_s, settings.body_timeout_s)
    return uvicorn.Config(
        app,
        http=partial(BoundedConnection, bounds),  # type: ignore[arg-type] # uvicorn only calls it
        timeout_keep_alive=settings.keep_alive_s,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        lifespan="on",
        log_config=logging_config(settings.log_level, settings.log_format, worker),
        access_log=False,
        server_header=False,
        ws="none",  # No route uses it, and its protocol class has none of our bounds.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_graceful_shutdown=_CLOSE_TIMEOUT_S,
    )


def _retrieve(task: asyncio.Task[None]) -> None:
    """Retrieve a task's exception: asyncio logs a SystemExit that nobody has retrieved."""
    if not task.cancelled():
        task.exception()


class Server(uvicorn.Server):
    """Uvicorn's server with a drain before it closes."""

    def __init__(
        self,
        config: uvicorn.Config,
        settings: Settings,
        worker_states: WorkerStates,
        refuse_requests: Callable[[], None],
        ready_message: Callable[[], str],
    ) -> None:
        """Create the server.

        Args:
            config: Uvicorn's configuration.
            settings: The service's settings.
            worker_states: The states of all workers.
            refuse_requests: Called when new requests are to be refused.
            ready_message: Returns the line to log once the server listens.
        """
        super().__init__(config)
        self._settings, self._worker_states = settings, worker_states
        self._refuse_requests, self._ready_message = refuse_requests, ready_message
        self._supervisor = multiprocessing.parent_process()
        self._closes_at: float | None = None
        self._ends_in_time = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, unless the worker is stopped before it listens.

        Objects that are alive after the start are excluded from garbage collection, which is rare.
        """
        starting = asyncio.ensure_future(super().startup(sockets))
        starting.add_done_callback(_retrieve)
        while not starting.done():
            await asyncio.wait({starting}, timeout=_TICK_S)
            if self._worker_states.is_stopping and not starting.done():
                self._begin_to_stop()
                starting.cancel()
                self.should_exit = True
                return
        # asyncio raises where it cannot listen; uvloop only closes the socket.
        error = starting.exception()
        if isinstance(error, OSError) or not all(map(is_listening, sockets or [])):
            await self._fail_to_listen()
        starting.result()
        logger.info("%s", self._ready_message())
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GARBAGE_AFTER)

    async def _fail_to_listen(self) -> None:
        """End a worker whose port another process began to listen on during the start."""
        logger.error(
            "the service cannot listen: %s", in_use(self._settings.host, self._settings.port)
        )
        await self.lifespan.shutdown()
        sys.exit(STARTUP_FAILURE)

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
            self._end_in_time()

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
            self._begin_to_stop()
            self._ask_clients_to_reconnect()
        return time.monotonic() >= self._closes_at

    def _begin_to_stop(self) -> None:
        self._end_in_time()
        logger.info(
            "stopping: %d requests in flight, %d connections",
            len(self.server_state.tasks),
            len(self.server_state.connections),
        )

    def _end_in_time(self) -> None:
        """Bound the time until this process ends; a job or a thread could hang for ever."""
        if not self._ends_in_time:
            self._ends_in_time = True
            settings = self._settings
            end_within(settings.drain_delay_s + settings.drain_timeout_s + GRACE_S)

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
