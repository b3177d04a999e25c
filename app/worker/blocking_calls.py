"""Blocking calls of the event loop, each in a thread and with a time limit."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from app.errors import LoadTimeoutError

T = TypeVar("T")


class BlockingCalls:
    """Runner of blocking calls, one at a time, none of which can keep the process from ending.

    A file system may take any time to answer, and a graph to compute. A call that does not return
    in time is left alone, and its result is dropped; until it returns, further calls fail at once.

    Args:
        within_s: Time limit of each call, in seconds.
    """

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._is_running = False

    async def run(self, what: str, call: Callable[[], T]) -> T:
        """Run a call in a daemon thread and return its result.

        Args:
            what: Names the call in the message of an error.
            call: The function to call.

        Raises:
            LoadTimeoutError: It has not returned in time, an earlier call still has not, or no
                thread could be started.
        """
        if self._is_running:
            raise LoadTimeoutError(f"{what}: an earlier attempt has not returned")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._is_running = True
        thread = threading.Thread(target=self._call, args=(call, answer), name=what, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._is_running = False
            raise LoadTimeoutError(f"{what}: no thread can be started ({error})") from error
        try:
            async with asyncio.timeout(self._within_s):
                return await answer
        except TimeoutError as error:
            raise LoadTimeoutError(
                f"{what}: not done within LIKEWISE_START_TIMEOUT_S={self._within_s:g}"
            ) from error

    def _call(self, call: Callable[[], T], answer: asyncio.Future[T]) -> None:
        try:
            outcome: Any = call()
            settle: Callable[[Any], None] = answer.set_result
        except BaseException as error:  # noqa: BLE001 (the awaiting task gets it)
            outcome, settle = error, answer.set_exception
        self._is_running = False
        loop = answer.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: None if answer.done() else settle(outcome))
