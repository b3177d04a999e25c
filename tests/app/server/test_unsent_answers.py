import asyncio
import socket
from functools import partial

import uvicorn
from uvicorn.server import ServerState

from app.server.bounds import Bounds
from app.server.http_protocol import BoundedConnection
from app.server.unsent_answers import UnsentAnswers

ANSWER = 12_000_000
"""More than the kernel's buffers hold."""
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


async def application(_, __, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(ANSWER)})


async def with_clients(scenario, count, limit):
    """Run `scenario(readers, unsent)` with clients that have asked and not read."""
    config = uvicorn.Config(application, lifespan="off")
    config.load()
    unsent = UnsentAnswers(limit)
    bounds = Bounds(100, 10, 10, unsent)
    make = partial(
        BoundedConnection, bounds, config=config, server_state=ServerState(), app_state={}
    )
    loop = asyncio.get_running_loop()
    clients = []
    async with await loop.create_server(make, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(REQUEST)
            client.setblocking(False)
            clients.append(client)
            await asyncio.sleep(0.05)
        try:
            return await scenario(clients, unsent)
        finally:
            for client in clients:
                client.close()
            await asyncio.sleep(0.05)


async def read_all(client):
    """Read to the end of the answer, or of the connection."""
    loop, found = asyncio.get_running_loop(), 0
    while found < ANSWER:
        try:
            data = await asyncio.wait_for(loop.sock_recv(client, 1 << 20), 5)
        except ConnectionError:
            return found
        if not data:
            return found
        found += len(data)
    return found


def test_answers_that_are_not_read_hold_no_more_than_the_limit():
    async def scenario(clients, unsent):
        held = unsent.held
        return held, [await read_all(client) for client in clients], unsent.held

    held, read, held_at_the_end = asyncio.run(with_clients(scenario, 6, 2 * ANSWER))
    assert ANSWER / 2 < held <= 2 * ANSWER
    assert sum(size >= ANSWER for size in read) in {2, 3, 4}
    assert sum(size < ANSWER for size in read) >= 2
    assert held_at_the_end == 0


def test_slow_readers_below_the_limit_get_all():
    async def scenario(clients, _):
        return [await read_all(client) for client in clients]

    assert min(asyncio.run(with_clients(scenario, 3, 10 * ANSWER))) >= ANSWER


def test_a_client_that_leaves_gives_back_what_it_held():
    async def scenario(clients, unsent):
        held = unsent.held
        for client in clients:
            client.close()
        await asyncio.sleep(0.2)
        return held, unsent.held

    before, after = asyncio.run(with_clients(scenario, 2, 10 * ANSWER))
    assert before > 0
    assert after == 0
