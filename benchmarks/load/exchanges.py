"""Clients that send bytes, hostile ones among them, and count the answers by status."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Iterable, Iterator

from benchmarks.payloads.hostile import Exchange, Then

_TIMEOUT_S = 60.0
_NO_ANSWER = "no answer"
_RESET = struct.pack("ii", 1, 0)
_GONE = (ConnectionError, asyncio.IncompleteReadError)

Statuses = Counter[tuple[str, bool, str]]
"""Number of exchanges by kind, whether they are hostile, and status."""


def run_exchanges(port: int, exchanges: Iterable[Exchange], connections: int) -> Statuses:
    """Carry out exchanges from a number of clients at once, and count their answers.

    The answer of a client that leaves counts as `no answer`.
    """
    seen: Statuses = Counter()
    asyncio.run(_run(port, iter(exchanges), connections, seen))
    return seen


async def _run(port: int, waiting: Iterator[Exchange], connections: int, seen: Statuses) -> None:
    clients = [_Client(port) for _ in range(connections)]
    await asyncio.gather(*(_work(client, waiting, seen) for client in clients))


async def _work(client: _Client, waiting: Iterator[Exchange], seen: Statuses) -> None:
    for exchange in waiting:
        status = await client.carry_out(exchange)
        seen[exchange.kind, exchange.is_hostile, status] += 1
    client.close()


class _Client:
    """One client; it keeps its connection as long as the server does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def carry_out(self, exchange: Exchange) -> str:
        """Return the status of the answer."""
        if exchange.is_hostile:
            self.close()  # So that no usual request shares a connection with it.
        if self._streams is None or self._streams[0].at_eof():
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        with contextlib.suppress(*_GONE, TimeoutError):
            async with asyncio.timeout(_TIMEOUT_S):
                status = await _exchange(reader, writer, exchange)
                if exchange.is_hostile:
                    self.close()
                return status
        self.close()
        return _NO_ANSWER

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, exchange: Exchange
) -> str:
    writer.write(exchange.data)
    with contextlib.suppress(ConnectionError):  # It may be answered before its end.
        await writer.drain()
    if exchange.then is Then.READ:
        return await _status(reader)
    if exchange.then is Then.RESET:
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
    return _NO_ANSWER


async def _status(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    await reader.readexactly(int(length or 0))
    return head.split(" ", 2)[1]
