import asyncio
import base64
import json
import os
from collections import Counter

import numpy as np
import pytest

from tests.fakes import DIM, photo
from tests.hostile import corpus
from tests.hostile.server import form, part, request

CONNECTIONS = 64
REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "2000"))
"""`HOSTILE_REQUESTS=10000` runs as many."""


def verify(one, other):
    body, content_type = form(part("image1", one), part("image2", other))
    return request("/verify", body, content_type)


def as_json(body, path="/verify"):
    return request(
        path, body if isinstance(body, bytes) else json.dumps(body).encode(), "application/json"
    )


def text_of(data):
    return base64.b64encode(data).decode()


GOOD = (
    *[request("/embed", photo(n)) for n in range(8)],
    *[verify(photo(n), photo(n % 3, 2)) for n in range(8)],
    *[verify(photo(n, file_format="JPEG"), photo(n)) for n in range(4)],
    as_json({"image1": text_of(photo(1)), "image2": text_of(photo(2))}),
    request("/embed", *form(*[part("image", photo(n)) for n in range(3)])),
    as_json({"probe": [1] * DIM, "gallery": [[2] * DIM, [1] * DIM]}, "/compare"),
)
BAD = {
    request("/embed", b""): (415, "unsupported-image"),
    request("/embed", photo(1)[:500]): (422, "broken-image"),
    request("/embed", corpus.BOMBS[0].data): (413, "image-too-large"),
    request("/embed", corpus.webp_canvas()): (413, "image-too-large"),
    request("/embed", photo(1), "text/plain"): (415, "unsupported-body"),
    request("/embed?model=nobody", photo(1)): (404, "unknown-model"),
    request("/nowhere", photo(1)): (404, "not-found"),
    verify(photo(1), b"x"): (415, "unsupported-image"),
    request("/verify", *form(part("image1", photo(1)))): (422, "bad-part"),
    as_json(b"{"): (400, "unreadable-body"),
    as_json({"image1": "http://x/", "image2": ""}): (422, "bad-parameter"),
    as_json({"probe": [1] * DIM, "gallery": [[1]]}, "/compare"): (422, "bad-embedding"),
}


async def read_reply(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def answers(port, queue, found):
    """One connection, which takes requests from the queue until none is left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while queue:
        data = queue.pop()
        writer.write(data)
        await writer.drain()
        found.append((data, await read_reply(reader)))
    writer.close()
    await writer.wait_closed()


def exchange(port, requests, connections):
    async def whole():
        queue, found = list(requests), []
        async with asyncio.timeout(160):
            await asyncio.gather(*[answers(port, queue, found) for _ in range(connections)])
        return found

    return asyncio.run(whole())


def numbers_of(answer):
    """All numbers of an answer, in order; what is not a number has to be equal."""
    if isinstance(answer, dict):
        return [n for name in sorted(answer) for n in numbers_of(answer[name])]
    if isinstance(answer, list):
        return [n for entry in answer for n in numbers_of(entry)]
    return [answer] if isinstance(answer, int | float) else []


@pytest.mark.timeout(180)
def test_of_thousands_of_good_and_bad_requests_each_gets_its_own_answer(server):
    alone = {data: answer for data, (_, answer) in exchange(server.port, GOOD, 1)}
    kinds = [*GOOD, *BAD]
    order = np.random.default_rng(7).integers(len(kinds), size=REQUESTS)
    sent = [kinds[n] for n in order]
    found = exchange(server.port, sent, CONNECTIONS)
    assert Counter(data for data, _ in found) == Counter(sent)
    for data, (status, answer) in found:
        if data in BAD:
            kind = answer["type"].removeprefix("urn:likewise:problem:")
            assert (status, kind) == BAD[data]
        else:
            assert status == 200, answer
            np.testing.assert_allclose(numbers_of(answer), numbers_of(alone[data]), atol=1e-5)
            assert answer.get("same") == alone[data].get("same")
    assert "Traceback" not in server.log
