"""Background tasks of a worker: heartbeat and model reload."""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from app.catalog.reload import Fingerprint, fingerprint
from app.errors import LoadTimeoutError, StartError
from app.settings import Settings
from app.worker.blocking_calls import BlockingCalls
from app.worker.service import Service
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

HEARTBEAT_S = 0.1
"""Seconds between two heartbeats, and between two checks for a reload."""
FIRST_PAUSE_S = 1.0
"""Pause before what could not be read is tried again; doubled for each attempt in a row, up to
`LONGEST_PAUSE_S`."""
LONGEST_PAUSE_S = 60.0


class ModelWatcher:
    """Watcher of the model folder and of reload requests. Create it before the models are loaded.

    A reload is due when one is requested in the worker states; with `watch_models`, when the
    folder has changed and was then the same in two checks, since a bundle may still be being
    copied; and after one that could not read everything, since its files may never change again.
    """

    def __init__(self, settings: Settings, worker_states: WorkerStates) -> None:
        self._settings, self._worker_states = settings, worker_states
        self._calls = BlockingCalls(settings.start_timeout_s)
        self._handled_reloads = worker_states.reloads
        self._loaded = self._last = fingerprint(settings.models_dir)
        self._checked_at = time.monotonic()
        self._pause_s, self._retry_at = FIRST_PAUSE_S, math.inf

    async def wait(self) -> None:
        """Return when a reload is due."""
        while not (self._is_due() or await self._has_changed()):  # noqa: ASYNC110 (processes share no event)
            await asyncio.sleep(HEARTBEAT_S)

    def loaded(self, *, is_complete: bool) -> None:
        """Note the end of a reload, or of the start; what could not be read is tried again."""
        if is_complete:
            self._pause_s, self._retry_at = FIRST_PAUSE_S, math.inf
        else:
            self._retry_at = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _is_due(self) -> bool:
        before, self._handled_reloads = self._handled_reloads, self._worker_states.reloads
        return self._handled_reloads != before or time.monotonic() >= self._retry_at

    async def _has_changed(self) -> bool:
        every_s = self._settings.watch_models
        if not every_s or time.monotonic() - self._checked_at < every_s:
            return False
        try:
            now = await self._calls.run(
                "the check for changed models", partial(fingerprint, self._settings.models_dir)
            )
        except (LoadTimeoutError, OSError) as error:
            logger.error("%s", error)  # noqa: TRY400 (a reason, not a crash)
            return False
        finally:
            self._checked_at = time.monotonic()
        return self._is_settled(now)

    def _is_settled(self, now: Fingerprint) -> bool:
        settled, self._last = now == self._last, now
        if not settled or now == self._loaded:
            return False
        self._loaded = now
        return True


@contextlib.asynccontextmanager
async def run_background_tasks(
    service: Service,
    worker_states: WorkerStates,
    watcher: ModelWatcher,
    publish: Callable[[Service], None],
) -> AsyncIterator[None]:
    """Run the heartbeat and the model watcher while the context is open.

    Args:
        service: The service with the models that were loaded at start.
        worker_states: The states that the heartbeat is written to.
        watcher: Tells when a reload is due.
        publish: Called with the service for new requests.
    """
    service.jobs.start()
    _record_state(service, worker_states)
    tasks = [
        asyncio.create_task(_heartbeat(service, worker_states)),
        asyncio.create_task(_reload_models(service, watcher, publish)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        worker_states.mark_not_ready()


async def _heartbeat(service: Service, worker_states: WorkerStates) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        _record_state(service, worker_states)


def _record_state(service: Service, worker_states: WorkerStates) -> None:
    """Record the worker as ready while all its runners serve; a reload keeps them."""
    if service.jobs.ready:
        worker_states.mark_ready()
    else:
        worker_states.mark_not_ready()


async def _reload_models(
    service: Service, watcher: ModelWatcher, publish: Callable[[Service], None]
) -> None:
    """Load changed models in a thread; requests in flight keep the models they began with."""
    calls = BlockingCalls(service.settings.start_timeout_s)
    watcher.loaded(is_complete=service.catalog.is_complete)
    while True:
        await watcher.wait()
        is_complete = False
        try:
            catalog = await calls.run("the reload", service.reload_catalog)
        except StartError as error:
            logger.error("the models stay as they are: %s", error)  # noqa: TRY400 (a reason, not a crash)
        except Exception:
            logger.exception("the models stay as they are: the reload failed")
        else:
            service = service.serving(catalog)
            publish(service)
            is_complete = catalog.is_complete
        watcher.loaded(is_complete=is_complete)
