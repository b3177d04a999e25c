"""Supervisor of several workers on one socket: starts, replaces and stops them."""

import logging
import multiprocessing
import signal
import socket
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from uvicorn.config import STARTUP_FAILURE

from app.server.ending import GRACE_S, leave
from app.server.server import SIGNALLED, serve
from app.settings import Settings
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

HUNG_S = 30.0
"""A worker without a heartbeat for this long is replaced: its event loop is blocked."""
MAX_FAILED_STARTS = 5
"""Number of starts of one worker that fail in a row before the service ends."""
_CHECK_S = 0.25
_FIRST_PAUSE_S = 1.0
"""Pause before restarting a worker that ended before it was ready, doubled for each in a row."""
_REAP_S = 1.0
_HINTS = {
    -signal.SIGBUS: "is /dev/shm or the metrics folder full?",
    -signal.SIGKILL: "did the kernel run out of memory?",
}


@dataclass
class _Slot:
    """One worker: its process, if it runs, and its starts.

    Attributes:
        index: Index of the worker.
        start_at: Monotonic time of the start that is due, or of the last one.
        process: The process; None until it is started again.
        failures: Number of starts that have failed in a row.
        is_killed: Whether the process has been killed as hung.
    """

    index: int
    start_at: float = 0.0
    process: SpawnProcess | None = None
    failures: int = 0
    is_killed: bool = False


class Supervisor:
    """The parent process. It communicates with its workers through the worker states."""

    def __init__(self, settings: Settings, listening: list[socket.socket]) -> None:
        """Prepare the workers.

        Args:
            settings: The service's settings.
            listening: The bound sockets, which all workers share.
        """
        self._settings, self._listening = settings, listening
        self._worker_states = WorkerStates.shared(settings.workers)
        self._spawning = multiprocessing.get_context("spawn")
        self._slots = [_Slot(index) for index in range(settings.workers)]
        self._has_served = False
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        """Supervise until stopped.

        Returns:
            The exit status: 0 after SIGTERM or Ctrl-C, uvicorn's own if the service could not
            start or a worker could not be replaced, and 128 + the signal's number if a second one
            ended it at once.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)
        while not self._stopping:
            self._check_workers()
            wait([slot.process.sentinel for slot in self._slots if slot.process], timeout=_CHECK_S)
        logger.info("stopping %d workers", sum(slot.process is not None for slot in self._slots))
        for each in self._listening:
            each.close()
        self._join()
        logger.info("stopped")
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

    def _check_workers(self) -> None:
        self._has_served = self._has_served or self._worker_states.ready > 0
        for slot in self._slots:
            if self._stopping:
                return
            if slot.process is None:
                if time.monotonic() >= slot.start_at:
                    self._start(slot)
            elif slot.process.exitcode is not None:
                self._replace(slot, slot.process.exitcode)
            elif not slot.is_killed:
                self._kill_if_hung(slot, slot.process)

    def _start(self, slot: _Slot) -> None:
        slot.start_at, slot.is_killed = time.monotonic(), False
        process = self._spawning.Process(
            target=work,
            args=(self._settings, self._worker_states.for_worker(slot.index), self._listening),
            name=f"worker {slot.index}",
        )
        try:
            process.start()
        except OSError as error:  # the limit of processes, files or memory
            slot.failures += 1
            reason = f"no process could be started ({error.strerror})"
            self._try_again(slot, reason, f"worker {slot.index}: {reason}; another try follows")
        else:
            slot.process = process

    def _kill_if_hung(self, slot: _Slot, process: SpawnProcess) -> None:
        """Kill a worker that has not started in time, or whose heartbeat has stopped."""
        heartbeat, now = self._worker_states.last_heartbeat(slot.index), time.monotonic()
        if not heartbeat and now > slot.start_at + self._settings.start_timeout_s:
            logger.error(
                "worker %d was not ready within LIKEWISE_START_TIMEOUT_S=%g; it is replaced",
                slot.index,
                self._settings.start_timeout_s,
            )
        elif heartbeat and now > heartbeat + HUNG_S:
            logger.error("worker %d has hung for %g s; it is replaced", slot.index, HUNG_S)
        else:
            return
        slot.is_killed = True
        process.kill()

    def _replace(self, slot: _Slot, exitcode: int) -> None:
        worker_states = self._worker_states.for_worker(slot.index)
        was_ready = worker_states.last_heartbeat(slot.index) > 0 or worker_states.is_stopping
        worker_states.reset()
        slot.process, slot.start_at = None, time.monotonic()
        slot.failures = 0 if was_ready else slot.failures + 1
        if exitcode == STARTUP_FAILURE and not self._has_served:
            # It would fail the same way each time, and has logged the reason.
            self._give_up()
        else:
            line = f"worker {slot.index} ended with {exitcode}; another is started"
            self._try_again(slot, f"it last ended with {_reason(exitcode)}", line)

    def _try_again(self, slot: _Slot, reason: str, line: str) -> None:
        """Log a line and let a worker start again after a pause; end after too many failures."""
        if slot.failures >= MAX_FAILED_STARTS:
            logger.error(
                "the service ends: worker %d failed to start %d times in a row; %s",
                slot.index,
                slot.failures,
                reason,
            )
            self._give_up()
            return
        logger.error("%s", line)
        if slot.failures:
            slot.start_at += _FIRST_PAUSE_S * 2 ** (slot.failures - 1)

    def _give_up(self) -> None:
        self._stopping, self._status = True, STARTUP_FAILURE
        self._worker_states.stop_all()

    def _join(self) -> None:
        settings = self._settings
        give_up_at = time.monotonic() + settings.drain_delay_s + settings.drain_timeout_s + GRACE_S
        for slot in self._slots:
            if slot.process is not None:
                slot.process.join(max(0.0, give_up_at - time.monotonic()))
                if slot.process.is_alive():
                    logger.error("worker %d has not stopped in time; it is killed", slot.index)
        self._kill()

    def _kill(self) -> None:
        running = [slot.process for slot in self._slots if slot.process is not None]
        for process in running:
            process.kill()
        for process in running:
            process.join(_REAP_S)


def work(settings: Settings, worker_states: WorkerStates, listening: list[socket.socket]) -> None:
    """Run one worker in this process, and exit with its status."""
    # A terminal sends these to every process; the supervisor handles them for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    leave(partial(serve, settings, worker_states, listening))


def _reason(exitcode: int) -> str:
    """Name the status of an ended worker, and the signal that ended it."""
    if exitcode >= 0:
        return f"status {exitcode}; its lines in the log say why"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else "a signal"
    hint = _HINTS.get(exitcode)
    return f"{exitcode} ({name}{'; ' + hint if hint else ''})"
