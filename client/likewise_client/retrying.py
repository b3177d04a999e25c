"""Asking again, where the service is busy or a connection breaks.

Every call is a function of its body, so that a second try does no harm. Waits grow exponentially,
with jitter so that many clients do not come back at once (Brooker 2015, "Exponential Backoff and
Jitter"), or last as long as Retry-After says; tries, and all waits together, are bounded.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

_BUSY = frozenset({429, 503})
_ASKED_ONCE = "/readyz"
"""Whose 503 is an answer."""
_BROKEN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.RemoteProtocolError,
)
"""Not a read that timed out: the work was begun, and would be begun once more."""


@dataclass(frozen=True)
class Patience:
    """How often, and how long, a call is tried again.

    Attributes:
        retries: Tries after the first.
        first_s: The longest wait before the second try; twice that before the third, and so on.
        total_s: The most that all waits of one call may last together.
        chance: A number from 0 to 1, drawn anew for each wait.
    """

    retries: int = 4
    first_s: float = 0.25
    total_s: float = 30.0
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def wait_s(self, tried: int, waited_s: float, retry_after_s: float | None) -> float | None:
        """How long to wait before the next try; None where there is to be none.

        Args:
            tried: Tries so far.
            waited_s: All waits so far.
            retry_after_s: What the service asks for, if it does.
        """
        if tried > self.retries:
            return None
        most = self.first_s * 2 ** (tried - 1)
        wait = most * (0.5 + self.chance() / 2) if retry_after_s is None else retry_after_s
        return wait if waited_s + wait <= self.total_s else None


def retry_after_s(response: httpx.Response) -> float | None:
    """The seconds of a Retry-After, given as such or as a date; None without a readable one."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


@dataclass
class _Tries:
    """The tries of one request."""

    request: httpx.Request
    patience: Patience
    made: int = 0
    waited_s: float = 0.0

    def next_wait_s(self, response: httpx.Response | None) -> float | None:
        """How long to wait before another try; None where the last one counts."""
        if self.request.url.path.endswith(_ASKED_ONCE):
            return None
        if response is not None and response.status_code not in _BUSY:
            return None
        self.made += 1
        asked = None if response is None else retry_after_s(response)
        wait = self.patience.wait_s(self.made, self.waited_s, asked)
        self.waited_s += wait or 0.0
        return wait


class Retrying(httpx.BaseTransport):
    """A transport that tries again."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        patience: Patience,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner, self._patience, self._sleep = inner, patience, sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and send again while that may help."""
        request.read()  # A body that is there as a whole can be sent again.
        tries = _Tries(request, self._patience)
        while True:
            response = None
            try:
                response = self._inner.handle_request(request)
                wait = tries.next_wait_s(response)
            except _BROKEN:
                wait = tries.next_wait_s(None)
                if wait is None:
                    raise
            if wait is None:
                assert response is not None  # noqa: S101 (for the type checker)
                return response
            if response is not None:
                response.close()
            self._sleep(wait)

    def close(self) -> None:
        """Close what is below."""
        self._inner.close()


class AsyncRetrying(httpx.AsyncBaseTransport):
    """The same for asyncio."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        patience: Patience,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._inner, self._patience, self._sleep = inner, patience, sleep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and send again while that may help."""
        await request.aread()
        tries = _Tries(request, self._patience)
        while True:
            response = None
            try:
                response = await self._inner.handle_async_request(request)
                wait = tries.next_wait_s(response)
            except _BROKEN:
                wait = tries.next_wait_s(None)
                if wait is None:
                    raise
            if wait is None:
                assert response is not None  # noqa: S101 (for the type checker)
                return response
            if response is not None:
                await response.aclose()
            await self._sleep(wait)

    async def aclose(self) -> None:
        """Close what is below."""
        await self._inner.aclose()
