"""Limit of the bytes of answers that clients have not read, over all connections of a worker."""

import asyncio

MAX_UNSENT_BYTES = 48_000_000
"""The longest answer, 100,000 energies and decisions as JSON, has 2 MB. What the kernel's buffers
hold is not counted."""


class UnsentAnswers:
    """Counter of the bytes in the buffers of connections whose client reads too slowly."""

    def __init__(self, limit: int = MAX_UNSENT_BYTES) -> None:
        self._limit = limit
        self._sizes: dict[asyncio.Transport, int] = {}

    @property
    def held(self) -> int:
        """Number of bytes that wait now."""
        return sum(self._sizes.values())

    def add(self, transport: asyncio.Transport) -> None:
        """Count a connection whose buffer is full; it is aborted if they hold too much."""
        size = transport.get_write_buffer_size()
        if self.held + size > self._limit:
            transport.abort()
        else:
            self._sizes[transport] = size

    def remove(self, transport: asyncio.Transport) -> None:
        """Stop counting a connection: it is closed, or its client has read nearly all."""
        self._sizes.pop(transport, None)
