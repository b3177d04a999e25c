import asyncio
import contextlib
import threading
import time

import pytest

from benchmarks.errors import LoadRefusedError
from benchmarks.load.pings import longest_idle_ms, longest_wait_ms
from benchmarks.payloads.bodies import Request

BODY = Request("/embed", "image/png", bytes(2_000_000))
HELD_S = 0.2
ALIVE = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"status":"alive"}'


class Service:
    """Answers pings at once; the end of a body holds its loop, or closes all connections."""

    def __init__(self, *, closes=False):
        self.closes = closes
        self.port = None

    async def answer(self, reader, writer):
        try:
            await self.answer_all(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def answer_all(self, reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            if head.startswith(b"POST"):
                await reader.readexactly(len(BODY.body))
                time.sleep(HELD_S)  # noqa: ASYNC251 (this is what is measured)
            elif self.closes:
                return
            writer.write(ALIVE)


@pytest.fixture
def serving():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # Clients close their connections.
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def serve(service):
        starting = asyncio.start_server(service.answer, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(starting, loop).result()
        servers.append(server)
        return server.sockets[0].getsockname()[1]

    servers = []
    yield serve

    async def stop():
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # Each closes its connection.

    asyncio.run_coroutine_threadsafe(stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.serial
def test_the_longest_wait_is_the_time_for_which_the_loop_is_held(serving):
    port = serving(Service())
    assert longest_idle_ms(port) < 1e3 * HELD_S
    assert 1e3 * HELD_S <= longest_wait_ms(port, BODY) < 3e3 * HELD_S


def test_a_service_that_closes_its_connections_has_no_figure(serving):
    port = serving(Service(closes=True))
    with pytest.raises((LoadRefusedError, ConnectionError)):
        longest_wait_ms(port, BODY)
