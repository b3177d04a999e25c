"""One client's connection, bounded where uvicorn's own is not.

Uvicorn closes a connection that has been idle for so long after an answer, and stops reading a
body that nobody takes. It waits without end for a first request, for the rest of a request's head,
for a client that does not take its answer, and for the end of a body whose answer has been sent; it
keeps a head of any size, and any number of connections.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.api.problem_types import MEDIA_TYPE, TYPE_PREFIX

MAX_HEAD_BYTES = 65_536
"""Of a request line and its headers, beside those that came in one piece with its first byte."""
MAX_HEADERS = 128
_INTERIM = b"HTTP/1.1 100 "
"""How `100 Continue` begins, which is not the answer's head."""


@dataclass(frozen=True)
class Bounds:
    """The most that one connection, and all of them, may take.

    Attributes:
        connections: Connections of one worker at a time.
        head_s: From the connection's opening, or a request's first byte, to the head's end.
        body_s: For a client to take its answer, or to end a body that is answered already.
    """

    connections: int
    head_s: float
    body_s: float


class _AnswerTransport:
    """Where one answer is written: its head waits for the body's first bytes, and both go together.

    Uvicorn writes them one after the other, which is two calls of the system and two packets.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        """None before there is one, empty once it is sent."""

    def is_closing(self) -> bool:
        """Whether the connection is closing, or closed."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Take the head, or more of the body."""
        if data.startswith(_INTERIM):
            self._transport.write(data)
        elif self._head is None:
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self) -> None:
        """Send the head, if it still waits: nothing follows it."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Send what waits, and close the connection."""
        self.flush()
        self._transport.close()


class BoundedConnection(HttpToolsProtocol):
    """Uvicorn's connection with deadlines, a bounded head, and a bound on their number.

    A deadline is an attribute; one timer for each connection looks at it, so that a request costs
    no timer of its own.
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
        self._taken_by: float | None = None
        self._in_head = self._in_body = False
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._running: RequestResponseCycle | None = None
        self._answer: _AnswerTransport | None = None
        self._is_deaf = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse one too many."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + self._bounds.head_s
        self._timer = self.loop.call_later(self._period_s, self._look)
        if len(self.connections) > self._bounds.connections:
            self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "overloaded",
                "The service is busy",
                f"there are {self._bounds.connections:,} connections already; try again shortly",
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        if self._timer is not None:
            self._timer.cancel()
        if self._running is not None and self._running is not self.cycle:
            # Uvicorn tells the newest request alone, and another may be running before it.
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and no head with more than it may have."""
        if self._in_body:
            super().data_received(data)
            return
        for start in range(0, len(data), MAX_HEAD_BYTES):
            if self._is_deaf or self.transport.is_closing():
                return
            self._feed(data[start : start + MAX_HEAD_BYTES])

    def _feed(self, piece: bytes) -> None:
        self._head_bytes += len(piece)  # Put to 0 where another head begins.
        super().data_received(piece)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head(f"more than {MAX_HEAD_BYTES:,} bytes")

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head, self._head_bytes = True, 0
        self._deadline = self.loop.time() + self._bounds.head_s
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; from here on the body's bounds hold, and the job's."""
        if self.transport.is_closing():
            return
        if len(self.headers) > MAX_HEADERS:
            self._refuse_head(f"more than {MAX_HEADERS} headers")
            return
        self._in_head, self._in_body = False, True
        self._deadline = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some bytes of the body; there is nobody to take them where the head was refused.

        Uvicorn copies all of them into a buffer, and out of it. What comes while nothing else waits
        is handed on as it came.
        """
        if not self._in_body:
            return
        cycle = self.cycle
        if cycle.body or cycle.response_complete:
            if isinstance(cycle.body, bytes):
                cycle.body = bytearray(cycle.body)
            super().on_body(body)
            return
        cycle.body = body  # type: ignore[assignment] # and `bytes` of it is no copy
        if len(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The body's end, after which another request may begin, or bytes that mean nothing."""
        if not self._in_body:
            return
        super().on_message_complete()
        self._in_body = False
        if self.cycle.response_complete:
            self._await_request()

    def on_response_complete(self) -> None:
        """An answer is sent: another request may come, or what is left of this one's body."""
        if self._answer is not None:
            self._answer.flush()
        super().on_response_complete()
        if not self.cycle.response_complete:
            return  # Another request came meanwhile and is being answered.
        if self._in_body:
            self._deadline = self.loop.time() + self._bounds.body_s
        elif not self._in_head:
            self._await_request()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it comes."""
        self._taken_by = self.loop.time() + self._bounds.body_s
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has taken nearly all."""
        self._taken_by = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, but never in the place of an answer that is to come."""
        self._is_deaf = True
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete and not self._in_body:
            self.cycle.keep_alive = False  # It is closed after this one.
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, "bad-request", "The request is not HTTP", msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        self._answer = _AnswerTransport(self.transport)
        cycle.transport = self._answer  # type: ignore[assignment] # as much of one as it uses
        super()._start_asgi_task(cycle, app)

    def _await_request(self) -> None:
        """Uvicorn's own timer ends with the next byte, which need not begin a request."""
        waits_s = self.timeout_keep_alive + self._bounds.head_s
        self._deadline = self.loop.time() + waits_s

    def _look(self) -> None:
        now = self.loop.time()
        if self._taken_by is None and self.transport.is_closing():
            self._taken_by = now + self._bounds.body_s  # What is written would be kept for ever.
        if self._taken_by is not None and now >= self._taken_by:
            self.transport.abort()
        elif self._deadline is not None and now >= self._deadline and not self.flow.read_paused:
            self._give_up()
        waits = [at - now for at in (self._deadline, self._taken_by) if at is not None and at > now]
        self._timer = self.loop.call_later(min([self._period_s, *waits]), self._look)

    def _give_up(self) -> None:
        """A head that has begun is answered; a client that has sent nothing expects nothing."""
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
        """Answer without a request, and close."""
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
