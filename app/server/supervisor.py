"""Supervisor of several workers on one socket: starts, replaces and stops them."""

import logging
import multiprocessing
import signal
import socket
import sys
import time
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from uvicorn.config import STARTUP_FAILURE

from app.server.server import SIGNALLED, serve, server_config
from app.settings import Settings
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

HUNG_S = 30.0
"""A worker without a heartbeat for this long is replaced: its event loop is blocked."""
_CHECK_S = 0.25
_PAUSE_S = 1.0
"""Pause before restarting a worker that ended before it was ready."""
_GRACE_S = 5.0
"""Time after the drain before a worker is killed."""


class Supervisor:
    """The parent process. It communicates with its workers through the worker states."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker_states = WorkerStates.shared(settings.workers)
        self._spawning = multiprocessing.get_context("spawn")
        self._workers: list[SpawnProcess] = []
        self._has_served = False
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        """Supervise until stopped.

        Returns:
            The exit status: 0 after SIGTERM or Ctrl-C, uvicorn's own if the service could not
            start, and 128 + the signal's number if a second one ended it at once.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)
        with server_config(self._settings, "app.main:create_app").bind_socket() as listening:
            self._workers = [self._start(i, listening) for i in range(self._settings.workers)]
            while not self._stopping:
                wait([worker.sentinel for worker in self._workers], timeout=_CHECK_S)
                self._check_workers(listening)
        self._join()
        return self._status

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        del frame
        if self._stopping:
            self._status = SIGNALLED + signum
            self._kill()
        self._stopping = True
        self._worker_states.stop_all()

    def _reload(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self._worker_states.request_reload()

    def _start(self, index: int, listening: socket.socket) -> SpawnProcess:
        worker = self._spawning.Process(
            target=work,
            args=(self._settings, self._worker_states.for_worker(index), listening),
            name=f"worker {index}",
        )
        worker.start()
        return worker

    def _check_workers(self, listening: socket.socket) -> None:
        self._has_served = self._has_served or self._worker_states.ready > 0
        for index, worker in enumerate(self._workers):
            if self._stopping:
                return
            if worker.exitcode is not None:
                self._replace(index, worker.exitcode, listening)
            elif 0 < self._worker_states.last_heartbeat(index) < time.monotonic() - HUNG_S:
                logger.error("worker %d has hung for %g s; it is replaced", index, HUNG_S)
                worker.kill()

    def _replace(self, index: int, exitcode: int, listening: socket.socket) -> None:
        worker_states = self._worker_states.for_worker(index)
        was_ready = worker_states.last_heartbeat(index) > 0 or worker_states.is_stopping
        worker_states.reset()
        if exitcode == STARTUP_FAILURE and not self._has_served:
            # It would fail the same way each time, and has logged the reason.
            self._stopping, self._status = True, STARTUP_FAILURE
            self._worker_states.stop_all()
            return
        logger.error("worker %d ended with %d; another is started", index, exitcode)
        if not was_ready:
            time.sleep(_PAUSE_S)
        self._workers[index] = self._start(index, listening)

    def _join(self) -> None:
        settings = self._settings
        give_up_at = time.monotonic() + settings.drain_delay_s + settings.drain_timeout_s + _GRACE_S
        for worker in self._workers:
            worker.join(max(0.0, give_up_at - time.monotonic()))
        self._kill()

    def _kill(self) -> None:
        for worker in self._workers:
            if worker.is_alive():
                worker.kill()
                worker.join()


def work(settings: Settings, worker_states: WorkerStates, listening: socket.socket) -> None:
    """Run one worker in this process, and exit with its status."""
    # A terminal sends these to every process; the supervisor handles them for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(serve(settings, worker_states, listening))
