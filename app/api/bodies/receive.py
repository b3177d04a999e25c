"""The bytes of a request, with limits of size and time that hold while they arrive."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from fastapi import Request

from app.api.bodies.form import FormParts
from app.api.bodies.header import header
from app.api.bodies.json_body import PIECE_BYTES, JsonReader
from app.api.bodies.media_type import refuse_compressed
from app.api.bodies.multipart import Form, MultipartReader
from app.batching.byte_budget import Reservation
from app.batching.image_input import ImageFile
from app.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientGoneError,
    ParameterError,
    UnreadableBodyError,
)
from app.worker.service import Service
from model.errors import ImageTooLargeError

Sink = Callable[[bytes], None]
"""Takes each chunk as it arrives."""
HAS_ARRIVED = "body_has_arrived"
"""Key in the scope's state of a function that tells whether the whole body is there, from a server
that has one."""


async def receive(
    request: Request,
    service: Service,
    reservation: Reservation,
    sink: Sink,
    max_piece: int | None = None,
) -> None:
    """Pass the body to `sink` chunk by chunk; the headers are checked before any is read.

    Args:
        request: The request.
        service: Its settings bound the body.
        reservation: Counts the body's bytes.
        sink: Takes the chunks.
        max_piece: Maximum number of bytes that the sink takes at once; other requests get their
            turn before the next. None to pass on chunks as they come.

    Raises:
        BodyTooLargeError: More bytes than `max_body_bytes`, declared or sent.
        BodyTimeoutError: The body did not arrive within `body_timeout_s`.
        ClientGoneError: The client closed the connection before the body's end.
        OverloadedError: All requests together hold the maximum number of bytes.
        UnsupportedBodyError: The body is compressed.
    """
    limit = service.settings.max_body_bytes
    _check_headers(request, limit)
    received, is_over = 0, False
    try:
        async with _time_limit(request, service.settings.body_timeout_s):
            while not is_over:
                chunk, is_over = await _next(request)
                received += len(chunk)
                _check_size(received, limit)
                reservation.take(len(chunk))
                if max_piece is None or len(chunk) <= max_piece:
                    sink(chunk)
                else:
                    await _pass_on(chunk, sink, max_piece)
    except TimeoutError as error:
        raise BodyTimeoutError(
            f"the body was not all there after {service.settings.body_timeout_s:g} s"
        ) from error


def _time_limit(request: Request, seconds: float) -> AbstractAsyncContextManager[object]:
    """Return the time limit of a body; none of one that is there, which need not be awaited.

    A limit takes as long as the parsing of a form.
    """
    has_arrived: Callable[[], bool] | None = request.scope.get("state", {}).get(HAS_ARRIVED)
    if has_arrived is not None and has_arrived():
        return nullcontext()
    return asyncio.timeout(seconds)


async def _pass_on(chunk: bytes, sink: Sink, max_piece: int) -> None:
    for start in range(0, len(chunk), max_piece):
        sink(chunk[start : start + max_piece])
        await asyncio.sleep(0)


async def _next(request: Request) -> tuple[bytes, bool]:
    """Return the next chunk, and whether it is the last (Starlette's `stream` has a generator)."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError("the client closed the connection before the body's end")
    return message.get("body", b""), not message.get("more_body", False)


async def receive_json(
    request: Request, service: Service, reservation: Reservation, reader: JsonReader
) -> bytes:
    """Return the outline of a JSON body, whose large values are parsed while they arrive.

    Other requests get their turn after each piece. Raises the errors of `receive` and `JsonReader`.
    """
    await receive(request, service, reservation, reader.feed, PIECE_BYTES)
    return reader.close()


async def receive_image(
    request: Request, service: Service, reservation: Reservation, name: str
) -> ImageFile:
    """Return a body that is one image; `name` is its name in errors.

    Raises the errors of `receive`.

    Raises:
        ImageTooLargeError: More bytes than an image may have.
    """
    limit = service.settings.max_image_bytes
    chunks: list[bytes] = []
    size = 0

    def check(size: int) -> None:
        if size > limit:
            raise ImageTooLargeError(f"{name}: the image has more than the {limit:,} bytes taken")

    def sink(chunk: bytes) -> None:
        nonlocal size
        size += len(chunk)
        check(size)
        chunks.append(chunk)

    check(_declared_size(request))
    await receive(request, service, reservation, sink)
    return ImageFile(name, chunks[0] if len(chunks) == 1 else b"".join(chunks))


async def receive_through(
    request: Request, service: Service, reservation: Reservation, sink: Sink
) -> None:
    """Pass the body to a sink that keeps none of it; raises the errors of `receive`."""

    def sink_and_release(chunk: bytes) -> None:
        sink(chunk)
        reservation.give_back(len(chunk))

    await receive(request, service, reservation, sink_and_release)


async def receive_form(
    request: Request, service: Service, reservation: Reservation, parts: FormParts
) -> Form:
    """Return a multipart body, parsed while it arrives.

    Raises the errors of `receive` and `MultipartReader`.
    """
    content_type = header(request, b"content-type") or ""
    reader = MultipartReader(content_type, parts.expected(service.settings))
    await receive(request, service, reservation, reader.feed)
    return reader.close()


def refuse_query(request: Request) -> None:
    """Refuse parameters in the URL of a call that takes them in its body.

    A threshold that is silently ignored would give a wrong answer.

    Raises:
        ParameterError: The URL has a parameter.
    """
    if not request.scope["query_string"]:
        return
    for name in request.query_params:
        raise ParameterError.of(name, "this call takes its parameters in the body, not in the URL")


def _check_headers(request: Request, limit: int) -> None:
    refuse_compressed(request)
    _check_size(_declared_size(request), limit)


def _declared_size(request: Request) -> int:
    """Return the size in the head; 0 without one."""
    declared = header(request, b"content-length") or "0"
    if not declared.isdecimal():
        raise UnreadableBodyError("Content-Length is not a number")
    return int(declared[:20])


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLargeError(f"the body has more than the {limit:,} bytes that are taken")
