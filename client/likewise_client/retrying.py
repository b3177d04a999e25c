"""Transports that try again when the service is busy or a connection breaks.

Every call is idempotent, so trying again is safe. Waits grow exponentially, with jitter so that
many clients do not return at once (Brooker 2015, "Exponential Backoff and Jitter"), or last as long
as Retry-After asks; the number of tries and the sum of waits are bounded.
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
_NEVER_RETRIED = ("/readyz", "/swap")
"""Ends of paths: one whose 503 is the answer, and one that a second time undoes the first."""
_BROKEN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.RemoteProtocolError,
)
"""Without ReadTimeout: the service has begun the work, and would begin it again."""


@dataclass(frozen=True)
class Patience:
    """Limits of retrying.

    Attributes:
        retries: Largest number of tries after the first.
        first_s: Longest wait before the second try; twice that before the third, and so on.
        total_s: Largest sum of the waits of one call.
        chance: Source of the jitter: returns a random number from 0 to 1.
    """

    retries: int = 4
    first_s: float = 0.25
    total_s: float = 30.0
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def wait_s(self, tried: int, waited_s: float, retry_after_s: float | None) -> float | None:
        """Return the seconds to wait before the next try; None if there is no next try."""
        if tried > self.retries:
            return None
        max_wait = self.first_s * 2 ** (tried - 1)
        wait = max_wait * (0.5 + self.chance() / 2) if retry_after_s is None else retry_after_s
        return wait if waited_s + wait <= self.total_s else None


def retry_after_s(response: httpx.Response) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None without a valid one."""
    header = response.headers.get("Retry-After", "").strip()
    if header.isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
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
        """Return the seconds to wait before another try; None if this result is final."""
        if self.request.url.path.endswith(_NEVER_RETRIED):
            return None
        if response is not None and response.status_code not in _BUSY:
            return None
        self.made += 1
        requested = None if response is None else retry_after_s(response)
        wait = self.patience.wait_s(self.made, self.waited_s, requested)
        self.waited_s += wait or 0.0
        return wait


@dataclass(eq=False)
class Retrying(httpx.BaseTransport):
    """A synchronous transport that tries again."""

    inner: httpx.BaseTransport
    patience: Patience
    sleep: Callable[[float], None] = time.sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and try again within the limits."""
        request.read()  # A body in memory can be sent again.
        tries = _Tries(request, self.patience)
        while True:
            try:
                response = self.inner.handle_request(request)
            except _BROKEN:
                if (wait := tries.next_wait_s(None)) is None:
                    raise
            else:
                if (wait := tries.next_wait_s(response)) is None:
                    return response
                response.close()
            self.sleep(wait)

    def close(self) -> None:
        """Close the inner transport."""
        self.inner.close()


@dataclass(eq=False)
class AsyncRetrying(httpx.AsyncBaseTransport):
    """A transport for asyncio that tries again."""

    inner: httpx.AsyncBaseTransport
    patience: Patience
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and try again within the limits."""
        await request.aread()
        tries = _Tries(request, self.patience)
        while True:
            try:
                response = await self.inner.handle_async_request(request)
            except _BROKEN:
                if (wait := tries.next_wait_s(None)) is None:
                    raise
            else:
                if (wait := tries.next_wait_s(response)) is None:
                    return response
                await response.aclose()
            await self.sleep(wait)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self.inner.aclose()
