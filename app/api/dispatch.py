"""The one path that every request with a body takes: read it, hand the work over once, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from app.api.bodies.header import header
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

WATCHED_AFTER_S = 0.1
"""Until then a request is not watched for a client that goes: most are answered sooner, and the
watch would cost each of them a task."""

Body = TypeVar("Body")


def running(request: Request) -> Service:
    """The service that answers this request.

    Raises:
        NotReadyError: Its models are not loaded yet, or it is stopping.
    """
    service: Service | None = request.app.state.service
    if service is None:
        raise NotReadyError("the service is starting or stopping; try again in a moment")
    return service


Running = Annotated[Service, Depends(running)]


async def dispatch(
    request: Request,
    service: Service,
    read: Callable[[Reservation], Awaitable[Body]],
    prepare: Callable[[Body], Job],
) -> Any:  # noqa: ANN401 (what the job gives)
    """Read the body on the event loop, let a runner do the work, and give the body's bytes back.

    What could not even wait is refused before its body is read.

    Args:
        request: Watched, so that work for a client that has gone is dropped.
        service: Whose runners and whose budget of bytes are used.
        read: Reads the body, within its share of the budget.
        prepare: Makes the job, and refuses at once what needs no runner to be refused.

    Raises:
        OverloadedError: The queue is full.
        ParameterError: The deadline in the request's header is not one.
        DeadlineError: The time is over.
        ClientGoneError: The client closed the connection; nobody sees this answer.
    """
    service.jobs.refuse_if_full()
    within_s = _deadline_s(request, service)
    with service.bodies.reserve() as share:
        job = prepare(await read(share))
        answer = service.jobs.submit(job, within_s)
        watch = _Watch(request, answer)
        try:
            return await answer
        finally:
            watch.end()


async def stream(
    request: Request, service: Service, read: Callable[[Reservation], Awaitable[Body]]
) -> Body:
    """Let a body be worked on while it arrives, a chunk at a time, with no job for a runner.

    A deadline counts from the body's end, and there nothing is left to be done.

    Raises:
        OverloadedError: The queue is full.
        ParameterError: The deadline in the request's header is not one.
    """
    service.jobs.refuse_if_full()
    _deadline_s(request, service)
    with service.bodies.reserve() as share:
        return await read(share)


def _deadline_s(request: Request, service: Service) -> float:
    """How long the job may take: the setting, or less if the client says so."""
    sent = header(request, _DEADLINE)
    if sent is None:
        return service.deadline_s
    wanted = 0.0
    with suppress(ValueError):
        wanted = float(sent[:20]) / 1000
    if not wanted > 0:
        message = "not a positive number of milliseconds"
        raise ParameterError(
            f"{DEADLINE_HEADER}: {message}", [{"field": DEADLINE_HEADER, "message": message}]
        )
    return min(service.deadline_s, wanted)


class _Watch:
    """Settles the answer when the client has gone; the body is read, so nothing else can arrive."""

    def __init__(self, request: Request, answer: asyncio.Future[Any]) -> None:
        self._request, self._answer = request, answer
        self._task: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WATCHED_AFTER_S, self._begin)

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._disconnected())

    async def _disconnected(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        if not self._answer.done():
            self._answer.set_exception(
                ClientGoneError("the client closed the connection before its answer")
            )
