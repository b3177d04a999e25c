"""The transport of one answer: its head and the beginning of its body in one write."""

import asyncio
from collections.abc import Callable

_INTERIM = b"HTTP/1.1 100 "
"""Beginning of `100 Continue`, which is not the head of an answer."""


class AnswerTransport:
    """Transport of one answer, which writes the head together with the first bytes of the body.

    Uvicorn writes them separately, which takes two system calls and two packets.
    """

    __slots__ = ("_close", "_ended", "_head", "_transport")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport, self._close = transport, close
        self._ended = False
        self._head: bytes | None = None
        """None before the head is written, empty once it is sent."""

    def is_closing(self) -> bool:
        """Return whether the connection is closing or closed."""
        return self._ended or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write the head, or more of the body; nothing where the answer is over."""
        if self._ended:
            return
        if self._head is not None:
            self._transport.write(self._head + data if self._head else data)
            self._head = b""
        elif data.startswith(_INTERIM):
            self._transport.write(data)
        else:
            self._head = data

    def flush(self) -> None:
        """Send the head of an answer without a body."""
        if self._head and not self._ended:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Send the head if it is still held, and close the connection."""
        self.flush()
        self._close()

    def end(self) -> None:
        """Let nothing more be written: the connection is closed for writing."""
        self._ended = True
