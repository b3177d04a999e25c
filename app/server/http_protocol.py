"""An HTTP connection of uvicorn's with the bounds that uvicorn lacks.

Uvicorn closes a connection that stays idle after an answer, and pauses reading while a body is not
consumed. It has no time limit for a first request, for the rest of a request's head, for a client
that does not read its answer, or for the end of a body that is answered already; and no limit to
the size of a head or to the number of connections.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.api.problem_types import MEDIA_TYPE, TYPE_PREFIX

MAX_HEAD_BYTES = 65_536
"""Maximum size of a request line and its headers, not counting the data that came with the first
byte."""
MAX_HEADERS = 128
_INTERIM = b"HTTP/1.1 100 "
"""Beginning of `100 Continue`, which is not the head of an answer."""


@dataclass(frozen=True)
class Bounds:
    """Limits of the connections of one worker.

    Attributes:
        connections: Maximum number of open connections.
        head_s: Seconds from the connection's opening, or a request's first byte, to the end of its
            head.
        body_s: Seconds for a client to read its answer, or to end a body that is answered already.
    """

    connections: int
    head_s: float
    body_s: float


class _AnswerTransport:
    """Transport of one answer, which writes the head together with the first bytes of the body.

    Uvicorn writes them separately, which takes two system calls and two packets.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        """None before the head is written, empty once it is sent."""

    def is_closing(self) -> bool:
        """Return whether the connection is closing or closed."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write the head, or more of the body."""
        if self._head is not None:
            self._transport.write(self._head + data if self._head else data)
            self._head = b""
        elif data.startswith(_INTERIM):
            self._transport.write(data)
        else:
            self._head = data

    def flush(self) -> None:
        """Send the head of an answer without a body."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Send the head if it is still held, and close the connection."""
        self.flush()
        self._transport.close()


class BoundedConnection(HttpToolsProtocol):
    """Uvicorn's connection with deadlines, a bounded head, and a maximum number of connections.

    A deadline is an attribute that one timer of each connection checks, so that a request needs no
    timer of its own.
    """

    def __init__(
        self,
        bounds: Bounds,
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._period_s = min(bounds.head_s, bounds.body_s)
        self._deadline: float | None = None
        self._answer_deadline: float | None = None
        self._in_head = self._in_body = False
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._running_cycle: RequestResponseCycle | None = None
        self._answer: _AnswerTransport | None = None
        self._stopped_reading = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, or refuse it where there are too many."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + self._bounds.head_s
        self._timer = self.loop.call_later(self._period_s, self._check_deadlines)
        if len(self.connections) > self._bounds.connections:
            self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "overloaded",
                "The service is busy",
                f"there are {self._bounds.connections:,} connections already; try again shortly",
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer, and end every request that is running."""
        if self._timer is not None:
            self._timer.cancel()
        if self._running_cycle is not None and self._running_cycle is not self.cycle:
            # Uvicorn ends the newest request only; an earlier one may still be running.
            self._running_cycle.disconnected = True
            self._running_cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser in pieces, so that a head is refused as soon as it is too large."""
        if self._in_body:
            super().data_received(data)
            return
        for start in range(0, len(data), MAX_HEAD_BYTES):
            if self._stopped_reading or self.transport.is_closing():
                return
            self._feed(data[start : start + MAX_HEAD_BYTES])

    def _feed(self, piece: bytes) -> None:
        self._head_bytes += len(piece)  # Reset to 0 where another head begins.
        super().data_received(piece)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head(f"more than {MAX_HEAD_BYTES:,} bytes")

    def on_message_begin(self) -> None:
        """Start the deadline of a request's head."""
        self._in_head, self._head_bytes = True, 0
        self._deadline = self.loop.time() + self._bounds.head_s
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Refuse too many headers; from here on the limits of the body and of the job apply."""
        if self.transport.is_closing():
            return
        if len(self.headers) > MAX_HEADERS:
            self._refuse_head(f"more than {MAX_HEADERS} headers")
            return
        self._in_head, self._in_body = False, True
        self._deadline = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body; without a request, where its head was refused, drop it.

        Uvicorn copies each piece into a buffer and out of it again. A piece that comes while the
        buffer is empty takes its place without a copy.
        """
        if not self._in_body:
            return
        cycle = self.cycle
        if cycle.body or cycle.response_complete:
            if isinstance(cycle.body, bytes):
                cycle.body = bytearray(cycle.body)
            super().on_body(body)
            return
        cycle.body = body  # type: ignore[assignment] # uvicorn takes `bytes` of it: no copy
        if len(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End the body; after the answer, another request may follow."""
        if not self._in_body:
            return
        super().on_message_complete()
        self._in_body = False
        if self.cycle.response_complete:
            self._await_request()

    def on_response_complete(self) -> None:
        """Start the deadline of the next request, or of the rest of this one's body."""
        if self._answer is not None:
            self._answer.flush()
        super().on_response_complete()
        if not self.cycle.response_complete:
            return  # A pipelined request is being answered.
        if self._in_body:
            self._deadline = self.loop.time() + self._bounds.body_s
        elif not self._in_head:
            self._await_request()

    def pause_writing(self) -> None:
        """Start the deadline of a client that reads its answer more slowly than it is written."""
        self._answer_deadline = self.loop.time() + self._bounds.body_s
        super().pause_writing()

    def resume_writing(self) -> None:
        """Stop that deadline: the client has read nearly all."""
        self._answer_deadline = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP, but only after the answer to an earlier request."""
        self._stopped_reading = True
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete and not self._in_body:
            self.cycle.keep_alive = False  # The connection is closed after that answer.
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, "bad-request", "The request is not HTTP", msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        self._running_cycle = cycle
        self._answer = _AnswerTransport(self.transport)
        cycle.transport = self._answer  # type: ignore[assignment] # has all methods that it calls
        super()._start_asgi_task(cycle, app)

    def _await_request(self) -> None:
        """Start the deadline of the next request.

        Uvicorn's keep-alive timer is not enough: any byte ends it, such as a line break.
        """
        waits_s = self.timeout_keep_alive + self._bounds.head_s
        self._deadline = self.loop.time() + waits_s

    def _check_deadlines(self) -> None:
        now = self.loop.time()
        if self._answer_deadline is None and self.transport.is_closing():
            self._answer_deadline = now + self._bounds.body_s  # Unsent data would be held for ever.
        if self._answer_deadline is not None and now >= self._answer_deadline:
            self.transport.abort()
        elif self._deadline is not None and now >= self._deadline and not self.flow.read_paused:
            self._close_late()
        ends = (self._deadline, self._answer_deadline)
        waits = [end - now for end in ends if end is not None and end > now]
        self._timer = self.loop.call_later(min([self._period_s, *waits]), self._check_deadlines)

    def _close_late(self) -> None:
        """Close the connection, with an answer where a request has begun."""
        self._deadline = None
        if self._in_head:
            self._refuse(
                HTTPStatus.REQUEST_TIMEOUT,
                "head-timeout",
                "The request took too long to arrive",
                f"the request's head was not all there after {self._bounds.head_s:g} s",
            )
        else:
            self.transport.close()

    def _refuse_head(self, what: str) -> None:
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head-too-large",
            "The request's head is too large",
            f"the request's head has {what}",
        )

    def _refuse(self, status: HTTPStatus, slug: str, title: str, detail: str) -> None:
        """Send a problem without running the application, and close."""
        problem = {
            "type": TYPE_PREFIX + slug,
            "title": title,
            "status": status.value,
            "detail": detail,
        }
        body = json.dumps(problem).encode()
        retry = "retry-after: 1\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
