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
from app.worker.worker_state import Board

logger = logging.getLogger(__name__)

BEAT_S = 0.1


class Changes:
    """When the models have to be looked at again. Make it before they are loaded.

    That is where the board asks for it, and, with `watch_models`, where the folder has changed and
    looked the same in two looks since: a bundle that is still being copied is left alone.
    """

    def __init__(self, settings: Settings, board: Board) -> None:
        self._settings, self._board = settings, board
        self._answered = board.reloads
        self._loaded = self._last = fingerprint(settings.models_dir)
        self._looked_at = time.monotonic()

    async def wait(self) -> None:
        """Return when there is a reason to look."""
        while not (self._asked() or await self._changed()):  # noqa: ASYNC110 (processes share no event)
            await asyncio.sleep(BEAT_S)

    def _asked(self) -> bool:
        before, self._answered = self._answered, self._board.reloads
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
async def kept_up(
    service: Service, board: Board, changes: Changes, publish: Callable[[Service], None]
) -> AsyncIterator[None]:
    """Within it, the board knows that this worker is ready, and changed models are taken in.

    Args:
        service: With the models that were loaded at start.
        board: Where this worker says that it is there.
        changes: When to look at the models again.
        publish: Called with the service that new requests are to use.
    """
    _say(service, board)
    tasks = [
        asyncio.create_task(_beat(service, board)),
        asyncio.create_task(_follow(service, changes, publish)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        board.rest()


async def _beat(service: Service, board: Board) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        _say(service, board)


def _say(service: Service, board: Board) -> None:
    """Ready is a worker whose runners are all there; a reload keeps them."""
    if service.jobs.ready:
        board.beat()
    else:
        board.rest()


async def _follow(service: Service, changes: Changes, publish: Callable[[Service], None]) -> None:
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
