"""The path of every request with a body, in three steps: read, job, answer.

A route gives two functions. The first reads the body on the event loop; the second makes a job of
it, which a runner's thread carries out. The job's result is the route's answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from app.api.bodies.header import header
from app.api.bodies.parameters import to_number
from app.api.bodies.receive import Sink, receive_through
from app.batching.batch_runner import Job
from app.batching.byte_budget import Reservation
from app.errors import ClientGoneError, NotReadyError, ParameterError
from app.worker.service import Service

DEADLINE_HEADER = "X-Deadline-Ms"
_DEADLINE = DEADLINE_HEADER.lower().encode()
DEADLINE_PARAMETER: dict[str, Any] = {
    "name": DEADLINE_HEADER,
    "in": "header",
    "required": False,
    "description": "The milliseconds that the answer may take, if fewer than the service allows.",
    "schema": {"type": "number", "exclusiveMinimum": 0},
    "example": 2000,
}
"""The OpenAPI entry of that header."""

WATCH_AFTER_S = 0.1
"""Seconds until a disconnect of the client is watched for. Most requests are answered sooner, and
the watch would cost each of them a task."""

Body = TypeVar("Body")
Read = Callable[[Request, Service, Reservation], Awaitable[Body]]
"""The first step: reads the body, whose bytes are counted in the reservation."""
MakeJob = Callable[[Request, Service, Body], Job]
"""The second step: makes the job, and refuses the request if that needs no runner."""


def running(request: Request) -> Service:
    """Return the service that answers this request.

    Raises:
        NotReadyError: The models are not loaded yet, or the service is stopping.
    """
    service: Service | None = request.app.state.service
    if service is None:
        raise NotReadyError("the service is starting or stopping; try again in a moment")
    return service


async def _running(request: Request) -> Service:
    """Return the service; FastAPI would call a plain function in a thread of its own."""
    return running(request)


Running = Annotated[Service, Depends(_running)]


async def dispatch(
    request: Request, service: Service, read: Read[Body], make_job: MakeJob[Body]
) -> Any:  # noqa: ANN401 (the job's result)
    """Read the body, let a runner carry out the job, and return its result.

    A request that cannot even wait in the queue is refused before its body is read. If the client
    disconnects, the job is dropped. The body's bytes are given back at the end of both.

    Raises:
        OverloadedError: The queue is full.
        ParameterError: The deadline in the request's header is invalid.
        DeadlineError: The deadline has passed.
        ClientGoneError: The client closed the connection; nobody receives this answer.
    """
    service.jobs.refuse_if_full()
    within_s = deadline_s(request, service)
    with service.bodies.reserve() as reservation:
        job = make_job(request, service, await read(request, service, reservation))
        result = service.jobs.submit(job, within_s, reservation.share)
        watch = _DisconnectWatch(request, result)
        try:
            return await result
        finally:
            watch.cancel()


async def stream(request: Request, service: Service, sink: Sink) -> None:
    """Process a body chunk by chunk while it arrives, on the event loop and without a job.

    The deadline counts from the body's end, where nothing is left to do.

    Raises:
        OverloadedError: The queue is full.
        ParameterError: The deadline in the request's header is invalid.
    """
    service.jobs.refuse_if_full()
    deadline_s(request, service)
    with service.bodies.reserve() as reservation:
        await receive_through(request, service, reservation, sink)


def deadline_s(request: Request, service: Service) -> float:
    """Return the seconds that an answer may take: the setting, or fewer if the client asks so.

    Raises:
        ParameterError: The deadline in the request's header is invalid.
    """
    sent = header(request, _DEADLINE)
    if sent is None:
        return service.deadline_s
    wanted = to_number(sent)
    if wanted is None or not wanted > 0:
        raise ParameterError.of(DEADLINE_HEADER, "not a positive number of milliseconds")
    return min(service.deadline_s, wanted / 1000)


class _DisconnectWatch:
    """Fails a result once the client has gone. The body is read, so no other message can arrive."""

    def __init__(self, request: Request, result: asyncio.Future[Any]) -> None:
        self._request, self._result = request, result
        self._task: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WATCH_AFTER_S, self._begin)

    def cancel(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._fail_on_disconnect())

    async def _fail_on_disconnect(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        if not self._result.done():
            self._result.set_exception(
                ClientGoneError("the client closed the connection before its answer")
            )
