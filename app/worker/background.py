"""What a worker does beside answering: it says that it is there, and takes in changed models."""

from __future__ import annotations

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

BEAT_S = 0.1


class ModelWatcher:
    """Watcher of the model folder and of reload requests; make it before the models are loaded.

    A reload is due when the worker states ask for it and, with `watch_models`, when the folder has
    changed and has then stayed the same for two looks: a bundle that is being copied is left alone.
    """

    def __init__(self, settings: Settings, worker_states: WorkerStates) -> None:
        self._settings, self._worker_states = settings, worker_states
        self._answered = worker_states.reloads
        self._loaded = self._last = fingerprint(settings.models_dir)
        self._looked_at = time.monotonic()

    async def wait(self) -> None:
        """Return when there is a reason to look."""
        while not (self._asked() or await self._changed()):  # noqa: ASYNC110 (processes share no event)
            await asyncio.sleep(BEAT_S)

    def _asked(self) -> bool:
        before, self._answered = self._answered, self._worker_states.reloads
        return self._answered != before

    async def _changed(self) -> bool:
        every_s = self._settings.watch_models
        if not every_s or time.monotonic() - self._looked_at < every_s:
            return False
        now = await asyncio.to_thread(fingerprint, self._settings.models_dir)
        self._looked_at = time.monotonic()
        return self._settled(now)

    def _settled(self, now: Fingerprint) -> bool:
        settled, self._last = now == self._last, now
        if not settled or now == self._loaded:
            return False
        self._loaded = now
        return True


@contextlib.asynccontextmanager
async def run_background_tasks(
    service: Service,
    worker_states: WorkerStates,
    changes: ModelWatcher,
    publish: Callable[[Service], None],
) -> AsyncIterator[None]:
    """Run the heartbeat and the model watcher while the context is open.

    Args:
        service: With the models that were loaded at start.
        worker_states: Where this worker's heartbeat is written.
        changes: When to look at the models again.
        publish: Called with the service that new requests are to use.
    """
    _say(service, worker_states)
    tasks = [
        asyncio.create_task(_beat(service, worker_states)),
        asyncio.create_task(_follow(service, changes, publish)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        worker_states.rest()


async def _beat(service: Service, worker_states: WorkerStates) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        _say(service, worker_states)


def _say(service: Service, worker_states: WorkerStates) -> None:
    """Ready is a worker whose runners are all there; a reload keeps them."""
    if service.jobs.ready:
        worker_states.beat()
    else:
        worker_states.rest()


async def _follow(
    service: Service, changes: ModelWatcher, publish: Callable[[Service], None]
) -> None:
    """Load in a thread, so that requests go on; what they hold of the old models is theirs."""
    while True:
        await changes.wait()
        try:
            service = await asyncio.to_thread(service.reloaded)
        except ModelsError as error:
            logger.error("the models stay as they are: %s", error)  # noqa: TRY400 (a reason)
        except Exception:
            logger.exception("the models stay as they are: looking at them again failed")
        else:
            publish(service)
