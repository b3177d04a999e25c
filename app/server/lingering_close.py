"""The close of a connection whose client may still be sending (RFC 9112, section 9.6).

A socket that is closed while data is unread resets its connection, and the system of a client that
still sends may drop the answer that came before. So only the writing half is closed; what comes is
read and dropped, up to a number of seconds and bytes.
"""

import asyncio

LINGER_S = 2.0
MAX_LINGER_BYTES = 4_000_000
"""More than most clients have under way when the answer reaches them."""


class LingeringClose:
    """A transport that is closed for writing, and closed when its client has closed too."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._dropped = transport, 0
        transport.resume_reading()
        transport.write_eof()
        self._timer = loop.call_later(LINGER_S, transport.close)

    def drop(self, data: bytes) -> None:
        """Count data that nobody reads, and close the transport where there is too much of it."""
        self._dropped += len(data)
        if self._dropped > MAX_LINGER_BYTES:
            self._transport.close()

    def stop(self) -> None:
        """Release the transport: it is closed."""
        self._timer.cancel()
