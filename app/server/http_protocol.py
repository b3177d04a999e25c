"""An HTTP connection of uvicorn's with the bounds that uvicorn lacks.

Uvicorn closes a connection that stays idle after an answer, and pauses reading while a body is not
consumed. It has no time limit for a first request, for the rest of a request's head, for a client
that does not read its answer, or for the end of a body that is answered already; and no limit to
the size of a head or to the number of connections.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.api.bodies.receive import HAS_ARRIVED
from app.server.answer_transport import AnswerTransport
from app.server.bounds import MAX_HEAD_BYTES, MAX_HEADERS, MAX_PIPELINED, Bounds
from app.server.framing import MAX_EXCESS, ChunkFraming, fault_of
from app.server.lingering_close import LingeringClose
from app.server.refusal import refusal


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
        self._answer: AnswerTransport | None = None
        self._stopped_reading = False
        self._lingering: LingeringClose | None = None
        self._framing: ChunkFraming | None = None
        """The framing of the present body, if it is chunked."""
        self._has_begun_in_piece = False

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
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer, and end every request that is running."""
        self._bounds.unsent.remove(self.transport)
        if self._timer is not None:
            self._timer.cancel()
        if self._lingering is not None:
            self._lingering.stop()
        if self._running_cycle is not None and self._running_cycle is not self.cycle:
            # Uvicorn ends the newest request only; an earlier one may still be running.
            self._running_cycle.disconnected = True
            self._running_cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser in pieces, so that it is stopped as soon as a head is too large."""
        if self._in_body and self._framing is None and not self._stopped_reading:
            super().data_received(data)
            return
        if self._lingering is not None:
            self._lingering.drop(data)
        for start in range(0, len(data), MAX_HEAD_BYTES):
            if self._stopped_reading or self.transport.is_closing():
                return
            self._feed(data[start : start + MAX_HEAD_BYTES])

    def _feed(self, piece: bytes) -> None:
        self._head_bytes += len(piece)  # Reset to 0 where another head begins.
        self._has_begun_in_piece = False
        super().data_received(piece)
        if self._in_head:
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse_head(f"more than {MAX_HEAD_BYTES:,} bytes")
        elif self._is_excessive(len(piece)):
            self._refuse_head(f"more than {MAX_EXCESS:,} bytes of chunk sizes and trailers")

    def _is_excessive(self, piece: int) -> bool:
        """Count a piece of a chunked body, unless it has a head too, which has its own limit."""
        if self._framing is None or not self._in_body or self._has_begun_in_piece:
            return False
        return self._framing.is_too_large(piece)

    def on_message_begin(self) -> None:
        """Start the deadline of a request's head."""
        self._in_head, self._head_bytes = True, 0
        self._has_begun_in_piece = True
        self._deadline = self.loop.time() + self._bounds.head_s
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Refuse bad framing; from here on the limits of the body and of the job apply."""
        if self.transport.is_closing() or self._stopped_reading:
            return
        if len(self.headers) > MAX_HEADERS:
            self._refuse_head(f"more than {MAX_HEADERS} headers")
            return
        headers, is_upgrade = self.headers, self.parser.should_upgrade()
        names = [name for name, _ in headers]
        version = self.parser.get_http_version()
        fault = fault_of(headers, names, version, is_upgrade=is_upgrade)
        if len(self.pipeline) >= MAX_PIPELINED:
            fault = f"more than {MAX_PIPELINED} requests were sent before the first answer"
        if fault is not None:
            self.send_400_response(fault)
            return
        self._in_head, self._in_body = False, True
        self._deadline = None
        self._framing = ChunkFraming() if b"transfer-encoding" in names else None
        super().on_headers_complete()
        self.headers = []  # The parser adds trailers to this list. They are not part of the head.
        if is_upgrade:
            self.cycle.keep_alive = False  # The parser reads nothing that follows.

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body; without a request, where its head was refused, drop it.

        Uvicorn copies each piece into a buffer and out of it again. A piece that comes while the
        buffer is empty takes its place without a copy.
        """
        if not self._in_body:
            return
        if self._framing is not None:
            self._framing.data += len(body)
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
        self._bounds.unsent.add(self.transport)

    def resume_writing(self) -> None:
        """Stop that deadline: the client has read nearly all."""
        self._answer_deadline = None
        self._bounds.unsent.remove(self.transport)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP, but only after the answer to an earlier request."""
        self._refuse(HTTPStatus.BAD_REQUEST, "bad-request", "The request is not HTTP", msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        self._running_cycle = cycle
        cycle.scope["state"][HAS_ARRIVED] = lambda: not cycle.more_body
        self._answer = AnswerTransport(self.transport, self._close_answered)
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
        """Send a problem without running the application, and close, once.

        Where an answer has begun, or one to an earlier request is still to come, the connection is
        closed after it and the problem is not sent: a client would take it for that answer.
        """
        if self.transport.is_closing() or self._stopped_reading:
            return
        self._stopped_reading = True
        running = self._running_cycle
        if running is not None and not running.response_complete:
            if running is not self.cycle or not self._in_body or running.response_started:
                self._close_after_answers()
                return
            running.disconnected = True  # It waits for a body that will not come.
            running.message_event.set()
        if not (self._in_body and self.cycle.response_complete):
            self.transport.write(refusal(status, slug, title, detail))
        self._linger()

    def _close_answered(self) -> None:
        """Close the connection after an answer that ends it."""
        if self._in_body and self.cycle is self._running_cycle:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        self._stopped_reading, self._deadline = True, None
        if self._answer is not None:
            self._answer.end()
        self._lingering = LingeringClose(self.transport, self.loop)

    def _close_after_answers(self) -> None:
        """Close the connection after the answers to the requests that have arrived as a whole."""
        last = self.cycle
        if self._in_body and last is not self._running_cycle:
            self.pipeline.popleft()  # Its body has no end.
            waiting = self.pipeline[0][0] if self.pipeline else self._running_cycle
            assert waiting is not None  # noqa: S101 (for the type checker: it is running)
            last = waiting
        last.keep_alive = False
