"""What is a request, where it ends, and what belongs to it: one connection, without a socket."""

import asyncio
import re
from dataclasses import dataclass, field

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from app.server.bounds import MAX_PIPELINED, Bounds
from app.server.framing import MAX_EXCESS
from app.server.http_protocol import BoundedConnection

HEAD = b"POST /x HTTP/1.1\r\nHost: t\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self):
        super().__init__()
        self.written, self.is_open, self.is_ended = b"", True, False

    def write(self, data):
        assert self.is_open
        assert not self.is_ended
        self.written += data

    def write_eof(self):
        self.is_ended = True

    def close(self):
        self.is_open = False

    def is_closing(self):
        return not self.is_open

    def pause_reading(self):
        """Read no more for now."""

    def resume_reading(self):
        """Read again."""


@dataclass
class Exchange:
    """What the application was given, and what the client."""

    requests: list = field(default_factory=list)
    written: bytes = b""
    is_open: bool = True

    @property
    def statuses(self):
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.written)]

    @property
    def bodies(self):
        return [body for _, body, _ in self.requests]


class Application:
    """Reads the body of each request, and answers before it, or after a gate."""

    def __init__(self, found, gate, *, answers_first):
        self.found, self.gate, self.answers_first = found, gate, answers_first

    async def __call__(self, scope, receive, send):
        if not self.answers_first:
            body = await self.body_of(receive)
            self.found.requests.append((scope["path"], body, scope["headers"]))
            if body is None:
                return
            await self.gate()
        await send({"type": "http.response.start", "status": 200, "headers": [LENGTH]})
        await send({"type": "http.response.body", "body": b""})

    async def body_of(self, receive):
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body, more = body + message["body"], message["more_body"]
        return body


async def at_once():
    """Wait for nothing."""


def exchange(*pieces, answers_first=False, gate=at_once):
    """What becomes of pieces that are sent on one connection."""
    found = Exchange()

    async def whole():
        app = Application(found, gate, answers_first=answers_first)
        config = Config(app, ws="none", log_config=None)
        connection = BoundedConnection(
            Bounds(10, 10, 10), config=config, server_state=ServerState(), app_state={}
        )
        wire = Wire()
        connection.connection_made(wire)
        for piece in pieces:
            if wire.is_open:
                connection.data_received(piece)
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        found.written, found.is_open = wire.written, wire.is_open and not wire.is_ended
        connection.connection_lost(None)
        await asyncio.gather(*connection.tasks)

    asyncio.run(whole())
    return found


LENGTH = (b"content-length", b"0")
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n"

TRAILERS = {
    "key": b"X-API-Key: k",
    "content type": b"Content-Type: application/json",
    "caller": b"X-Forwarded-For: 1.2.3.4",
    "host": b"Host: evil",
    "length": b"Content-Length: 5",
    "encoding": b"Transfer-Encoding: chunked",
    "id": b"X-Request-ID: mine",
}


@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
def test_a_trailer_is_no_header(trailer):
    sent = CHUNKED + b"1\r\nx\r\n0\r\n" + trailer + b"\r\n\r\n"
    for pieces in ([sent], [sent[:-4], sent[-4:]], [bytes([byte]) for byte in sent]):
        found = exchange(*pieces)
        names = [(b"host", b"t"), (b"transfer-encoding", b"chunked")]
        assert [headers for _, _, headers in found.requests] in ([names], [])
        if trailer[:1] not in b"CT":  # The parser refuses a length or an encoding in a trailer.
            assert found.bodies == [b"x"]


def test_the_request_after_trailers_has_its_own_headers():
    found = exchange(CHUNKED + b"0\r\nX-A: b\r\n\r\n" + CHUNKED + b"0\r\nX-C: d\r\n\r\n")
    assert found.statuses == [200, 200]
    assert all(len(headers) == 2 for _, _, headers in found.requests)


EXCESS = {
    "trailer": b"0\r\nX-Long: " + b"x" * (2 * MAX_EXCESS),
    "trailers": b"0\r\n" + b"X-A: b\r\n" * (MAX_EXCESS // 4),
    "extension": b"1;" + b"x" * (2 * MAX_EXCESS),
    "extensions": b"1;abcdefgh=ijklmnopq\r\nx\r\n" * (MAX_EXCESS // 8),
    "zeros": b"0" * (2 * MAX_EXCESS),
    "chunks of one byte": b"1\r\nx\r\n" * (MAX_EXCESS // 2),
    "chunks of ten bytes": b"a\r\nxxxxxxxxxx\r\n" * MAX_EXCESS,
    "trailer after much data": b"10000\r\n" + b"x" * 65536 + b"\r\n0\r\nX: " + b"x" * 200_000,
}


@pytest.mark.parametrize("body", EXCESS.values(), ids=EXCESS)
@pytest.mark.parametrize("size", [1_000, 256_000])
def test_what_surrounds_the_data_of_chunks_is_bounded(body, size):
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    found = exchange(CHUNKED, *pieces)
    assert (found.statuses, found.is_open) == ([431], False)
    assert b"chunk sizes and trailers" in found.written
    assert found.bodies == [None]


def test_what_surrounds_the_data_is_bounded_after_the_answer_too():
    found = exchange(CHUNKED, *[EXCESS["trailer"][:60_000]] * 4, answers_first=True)
    assert (found.statuses, found.is_open) == ([200], False)


@pytest.mark.parametrize("size", [24, 1_000, 100_000])
def test_many_chunks_of_a_usual_size_are_taken(size):
    chunk = b"%x\r\n%b\r\n" % (size, b"x" * size)
    count = 400_000 // size
    found = exchange(CHUNKED, *[chunk * 50] * (count // 50 + 1), END)
    assert found.statuses == [200]
    assert len(found.bodies[0]) == 50 * size * (count // 50 + 1)


def test_many_small_chunked_requests_in_one_piece_are_taken():
    found = exchange((CHUNKED + b"1\r\nx\r\n" + END) * 20)
    assert found.bodies == [b"x"] * 20


REFUSED = {
    "line feeds": b"POST /x HTTP/1.1\nHost: t\nContent-Length: 1\n\nx",
    "one line feed": b"POST /x HTTP/1.1\r\nHost: t\nContent-Length: 1\r\n\r\nx",
    "a head that ends with a line feed": HEAD + b"Content-Length: 1\r\n\nx",
    "carriage return": HEAD + b"A: b\rC: d\r\n\r\n",
    "folded": HEAD + b"A: b\r\n c\r\n\r\n",
    "folded encoding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + END,
    "folded first": b"POST /x HTTP/1.1\r\n Host: t\r\n\r\n",
    "length and chunks": HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + END,
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n" + END,
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "list of lengths": HEAD + b"Content-Length: 1, 1\r\n\r\nx",
    "signed length": HEAD + b"Content-Length: +1\r\n\r\nx",
    "length with a blank": HEAD + b"Content-Length: 1 0\r\n\r\nx",
    "length with _": HEAD + b"Content-Length: 1_0\r\n\r\nx",
    "no length": HEAD + b"Content-Length:\r\n\r\nx",
    "hexadecimal length": HEAD + b"Content-Length: 0x1\r\n\r\nx",
    "length, blank, colon": HEAD + b"Content-Length : 1\r\n\r\nx",
    "encoding, blank, colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n" + END,
    "HTTP/1.0 with chunks": CHUNKED.replace(b"1.1", b"1.0") + END,
    "identity": HEAD + b"Transfer-Encoding: identity\r\n\r\n",
    "gzip, chunked": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + END,
    "gzip and chunked": HEAD
    + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    + END,
    "chunked, gzip": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + END,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + END,
    "nothing, chunked": HEAD + b"Transfer-Encoding: ,chunked\r\n\r\n" + END,
    "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + END,
    "vertical tab": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + END,
    "chunk 0x1": CHUNKED + b"0x1\r\nx\r\n" + END,
    "chunk +1": CHUNKED + b"+1\r\nx\r\n" + END,
    "chunk -1": CHUNKED + b"-1\r\nx\r\n" + END,
    "blank before a chunk": CHUNKED + b" 1\r\nx\r\n" + END,
    "huge chunk": CHUNKED + b"1" + b"0" * 17 + b"\r\nx\r\n" + END,
    "chunk that ends with a line feed": CHUNKED + b"1\nx\r\n" + END,
    "data that end with a line feed": CHUNKED + b"1\r\nx\n" + END,
    "longer chunk": CHUNKED + b"1\r\nxy\r\n" + END,
    "line feed in an extension": CHUNKED + b"1;a\nb\r\nx\r\n" + END,
    "body that ends with line feeds": CHUNKED + b"0\n\n",
    "blank in a name": HEAD + b"A B: c\r\n\r\n",
    "zero in a name": HEAD + b"A\0: c\r\n\r\n",
    "zero in a value": HEAD + b"A: \0\r\n\r\n",
    "no colon": HEAD + b"abc\r\n\r\n",
    "HTTP/0.9": b"GET /x\r\n\r\n",
    "HTTP/1.2": b"GET /x HTTP/1.2\r\nHost: t\r\n\r\n",
    "HTTP/2.0": b"GET /x HTTP/2.0\r\nHost: t\r\n\r\n",
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "upgrade with a body": HEAD + UPGRADE + b"Content-Length: 1\r\n\r\nx",
    "upgrade with chunks": HEAD + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n" + END,
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_a_request_that_can_be_read_in_two_ways_is_refused_with_all_that_follows(request_):
    for pieces in ([request_ + SMUGGLED], [request_, SMUGGLED]):
        found = exchange(*pieces)
        assert (found.statuses, found.is_open) == ([400], False)
        assert found.bodies in ([], [None])


@pytest.mark.parametrize(
    ("version", "hosts", "is_taken"),
    [
        (b"1.1", [], False),
        (b"1.1", [b"a"], True),
        (b"1.1", [b""], True),
        (b"1.1", [b"a", b"a"], False),
        (b"1.1", [b"a", b"b"], False),
        (b"1.0", [], True),
        (b"1.0", [b"a"], True),
        (b"1.0", [b"a", b"b"], False),
    ],
)
def test_a_request_has_one_host_unless_it_is_of_http_1_0(version, hosts, is_taken):
    lines = b"".join(b"Host: %b\r\n" % host for host in hosts)
    found = exchange(b"GET /x HTTP/%b\r\n%b\r\n" % (version, lines))
    assert found.statuses == [200 if is_taken else 400]


def test_one_request_after_another_is_answered():
    sent = HEAD + b"Content-Length: 1\r\n\r\nx" + CHUNKED + b"1;a=b\r\ny\r\n" + END + SMUGGLED
    found = exchange(sent)
    assert found.bodies == [b"x", b"y", b""]
    assert (found.statuses, found.is_open) == ([200] * 3, True)


def test_after_an_upgrade_that_is_not_done_the_connection_is_closed():
    found = exchange(SMUGGLED.replace(b"Host", b"Connection: Upgrade\r\nUpgrade: x\r\nHost"))
    assert (found.statuses, found.is_open) == ([200], False)


BAD = {
    "no HTTP": b"words\r\n\r\n",
    "many headers": HEAD + b"A: b\r\n" * 200 + b"\r\n",
    "large head": HEAD + b"A: " + b"x" * 200_000,
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "trailers": CHUNKED + EXCESS["trailers"],
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_the_answer_to_an_earlier_request_is_never_that_to_a_later_one(bad):
    found = exchange(SMUGGLED + bad)
    assert (found.statuses, found.is_open) == ([200], False)
    assert found.bodies == [b""]
    waiting = exchange(SMUGGLED + bad, gate=lambda: asyncio.sleep(1))
    assert (waiting.statuses, waiting.is_open) == ([], True)


def test_a_request_whose_body_cannot_be_read_is_not_answered_before_its_turn():
    bad = CHUNKED + b"x\r\n"
    found = exchange(SMUGGLED * 2 + bad)
    assert (found.statuses, found.is_open) == ([200, 200], False)
    assert found.bodies == [b"", b""]


def test_requests_that_wait_for_an_earlier_answer_are_bounded():
    found = exchange(SMUGGLED * 2_000)
    assert found.statuses == [200] * (1 + MAX_PIPELINED)
    assert not found.is_open
