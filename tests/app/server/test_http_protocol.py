"""What `app.server.http_protocol` uses of uvicorn and httptools beyond their documented interfaces.

The bounds themselves are tested from outside, in `tests/hostile/test_connections.py`.
"""

import asyncio
import inspect
import re
from functools import partial
from importlib.metadata import version

import pytest
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.server.answer_transport import AnswerTransport
from app.server.bounds import Bounds
from app.server.http_protocol import BoundedConnection

UVICORN, HTTPTOOLS = (f"{name} {version(name)}" for name in ("uvicorn", "httptools"))
CALLBACKS = (
    *("_start_asgi_task", "on_message_begin", "on_headers_complete", "on_body"),
    *("on_message_complete", "on_response_complete"),
)
EXTENDED = (
    *("connection_made", "connection_lost", "data_received", "send_400_response"),
    *("pause_writing", "resume_writing"),
    *CALLBACKS,
)
REQUEST = b"POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 4\r\n\r\nbody"


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self):
        super().__init__()
        self.written, self.is_open = b"", True

    def write(self, data):
        self.written += data

    def close(self):
        self.is_open = False

    def is_closing(self):
        return not self.is_open

    def pause_reading(self):
        """Read no more for now."""

    def resume_reading(self):
        """Read again."""


async def echo(_, receive, send):
    body = (await receive())["body"]
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answered(make, pieces):
    """A connection that has answered a request, and what it has written."""

    async def whole():
        config = Config(echo, ws="none", log_config=None)
        connection, wire = make(config=config, server_state=ServerState(), app_state={}), Wire()
        connection.connection_made(wire)
        for piece in pieces:
            connection.data_received(piece)
        async with asyncio.timeout(10):
            await asyncio.gather(*connection.tasks)
        connection.connection_lost(None)
        return connection, wire.written

    return asyncio.run(whole())


@pytest.fixture(scope="module")
def uvicorns():
    return answered(HttpToolsProtocol, [REQUEST])[0]


@pytest.mark.parametrize("name", EXTENDED)
def test_a_method_that_is_extended_takes_what_uvicorns_takes(name):
    assert hasattr(HttpToolsProtocol, name), f"{UVICORN}: no HttpToolsProtocol.{name}"
    ours, theirs = (
        list(inspect.signature(getattr(kind, name)).parameters)
        for kind in (BoundedConnection, HttpToolsProtocol)
    )
    assert ours == theirs, f"{UVICORN} has changed HttpToolsProtocol.{name}"


@pytest.mark.parametrize(
    "name", ["loop", "transport", "connections", "headers", "cycle", "flow", "timeout_keep_alive"]
)
def test_uvicorns_connection_has_the_attribute(uvicorns, name):
    assert getattr(uvicorns, name, None) is not None, f"{UVICORN}: no HttpToolsProtocol.{name}"


@pytest.mark.parametrize(
    "name", ["response_complete", "disconnected", "keep_alive", "message_event"]
)
def test_uvicorns_request_has_the_attribute(uvicorns, name):
    assert isinstance(uvicorns.cycle, RequestResponseCycle), UVICORN
    assert hasattr(uvicorns.cycle, name), f"{UVICORN}: no RequestResponseCycle.{name}"


def test_uvicorns_flow_control_tells_whether_reading_is_paused(uvicorns):
    assert uvicorns.flow.read_paused is False, f"{UVICORN}: no FlowControl.read_paused"


def test_httptools_and_uvicorn_call_what_is_extended_in_the_expected_order():
    calls = []

    def noting(name, method):
        def noted(*arguments):
            calls.append(name)
            return method(*arguments)

        return noted

    kind = type(
        "Noting",
        (BoundedConnection,),
        {name: noting(name, getattr(BoundedConnection, name)) for name in CALLBACKS},
    )
    pieces = [REQUEST[:-3], REQUEST[-3:]]
    _, written = answered(partial(kind, Bounds(10, 10.0, 10.0)), pieces)
    assert written.endswith(b"\r\n\r\nbody"), f"{UVICORN}, {HTTPTOOLS}: {written!r}"
    assert calls == [
        *("on_message_begin", "on_headers_complete", "_start_asgi_task"),
        *("on_body", "on_body", "on_message_complete", "on_response_complete"),
    ], f"{UVICORN} or {HTTPTOOLS} calls in another order"


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Calls:
    """A transport that keeps each call's data."""

    def __init__(self):
        self.written, self.is_closed = [], False

    def write(self, data):
        self.written.append(data)

    def close(self):
        self.is_closed = True

    def is_closing(self):
        return self.is_closed


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def answer(calls):
    return AnswerTransport(calls, calls.close)


def test_an_answers_head_and_body_are_one_write(calls, answer):
    answer.write(HEAD)
    assert calls.written == []
    answer.write(b"same")
    answer.flush()
    assert calls.written == [HEAD + b"same"]


def test_what_follows_is_written_as_it_comes(calls, answer):
    for data in (HEAD, b"on", b"e", b"!"):
        answer.write(data)
    assert calls.written == [HEAD + b"on", b"e", b"!"]


def test_a_head_that_nothing_follows_is_sent_once(calls, answer):
    answer.write(HEAD)
    answer.flush()
    answer.flush()
    assert calls.written == [HEAD]


def test_leave_to_send_the_body_does_not_wait(calls, answer):
    leave = b"HTTP/1.1 100 Continue\r\n\r\n"
    answer.write(leave)
    answer.write(HEAD)
    answer.write(b"same")
    assert calls.written == [leave, HEAD + b"same"]


def test_a_connection_that_closes_has_the_head_before(calls, answer):
    answer.write(HEAD)
    answer.close()
    assert (calls.written, answer.is_closing()) == ([HEAD], True)


def test_nothing_is_written_after_the_end(calls, answer):
    answer.write(HEAD)
    answer.end()
    answer.write(b"same")
    answer.flush()
    assert (calls.written, answer.is_closing()) == ([], True)


def test_uvicorns_answer_uses_no_more_of_a_transport_than_ours_has():
    used = set(re.findall(r"self\.transport\.(\w+)", inspect.getsource(RequestResponseCycle)))
    assert used <= set(dir(AnswerTransport)), f"{UVICORN} uses more of a transport"


def test_a_body_of_one_piece_reaches_the_application_without_a_copy():
    pieces = []

    async def take(_, receive, send):
        message = await receive()
        pieces.append(message["body"])
        await echo(_, lambda: answered_with(message), send)

    async def answered_with(message):
        return message

    body = bytes(1000)

    async def whole():
        connection = BoundedConnection(
            Bounds(10, 10, 10),
            config=Config(take, ws="none", log_config=None),
            server_state=ServerState(),
            app_state={},
        )
        connection.connection_made(Wire())
        connection.data_received(b"POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 1000\r\n\r\n")
        connection.on_body(body)
        await asyncio.gather(*connection.tasks)
        connection.connection_lost(None)

    asyncio.run(whole())
    assert pieces[0] is body


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_body_of_several_pieces_arrives_whole(cut):
    head, body = REQUEST[:-4], REQUEST[-4:]
    make = partial(BoundedConnection, Bounds(10, 10, 10))
    connection, written = answered(make, [head, body[:cut], body[cut:]])
    assert written.endswith(b"body")
    assert connection.cycle.response_complete
