"""The one path that every request with a body takes: read it, hand the work over once, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from app.budget import Share
from app.errors import ClientGoneError, NotReadyError
from app.service import Service

Body = TypeVar("Body")
Result = TypeVar("Result")


async def running(request: Request) -> Service:
    """The service that answers this request.

    Raises:
        NotReadyError: Its models are not loaded yet, or it is stopping.
    """
    service: Service | None = request.app.state.service
    if service is None:
        raise NotReadyError("the service is starting or stopping; try again in a moment")
    return service


Running = Annotated[Service, Depends(running)]


async def hand_over(
    request: Request,
    service: Service,
    read: Callable[[Share], Awaitable[Body]],
    prepare: Callable[[Body], Callable[[], Result]],
) -> Result:
    """Read the body on the event loop, run the job in a thread, and give its bytes back.

    Args:
        request: Watched, so that work for a client that has gone is dropped.
        service: Whose threads and whose budget of bytes are used.
        read: Reads the body, within its share of the budget.
        prepare: Makes the job, and refuses at once what needs no thread to be refused.

    Raises:
        ClientGoneError: The client closed the connection; nobody sees this answer.
    """
    with service.bodies.share() as share:
        job = prepare(await read(share))
        return await _while_connected(request, service.jobs.run(job, service.deadline_s))


async def _while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGoneError("the client closed the connection before its answer")
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _disconnected(request: Request) -> None:
    """Returns when the client has gone; the body is read, so nothing else can arrive."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
