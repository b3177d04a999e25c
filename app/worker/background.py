"""Background tasks of a worker: heartbeat and model reload."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable

from app.catalog.reload import Fingerprint, fingerprint
from app.errors import ModelsError
from app.settings import Settings
from app.worker.service import Service
from app.worker.worker_state import WorkerStates

logger = logging.getLogger(__name__)

HEARTBEAT_S = 0.1
"""Seconds between two heartbeats, and between two checks for a reload."""


class ModelWatcher:
    """Watcher of the model folder and of reload requests. Create it before the models are loaded.

    A reload is due when one is requested in the worker states and, with `watch_models`, when the
    folder has changed and was then the same in two checks: a bundle may still be being copied.
    """

    def __init__(self, settings: Settings, worker_states: WorkerStates) -> None:
        self._settings, self._worker_states = settings, worker_states
        self._handled_reloads = worker_states.reloads
        self._loaded = self._last = fingerprint(settings.models_dir)
        self._checked_at = time.monotonic()

    async def wait(self) -> None:
        """Return when a reload is due."""
        while not (self._is_requested() or await self._has_changed()):  # noqa: ASYNC110 (processes share no event)
            await asyncio.sleep(HEARTBEAT_S)

    def _is_requested(self) -> bool:
        before, self._handled_reloads = self._handled_reloads, self._worker_states.reloads
        return self._handled_reloads != before

    async def _has_changed(self) -> bool:
        every_s = self._settings.watch_models
        if not every_s or time.monotonic() - self._checked_at < every_s:
            return False
        now = await asyncio.to_thread(fingerprint, self._settings.models_dir)
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
    while True:
        await watcher.wait()
        try:
            service = await asyncio.to_thread(service.reloaded)
        except ModelsError as error:
            logger.error("the models stay as they are: %s", error)  # noqa: TRY400 (a reason, not a crash)
        except Exception:
            logger.exception("the models stay as they are: the reload failed")
        else:
            publish(service)
