"""The bytes of a request, bounded in size and time while they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import Request

from app.api.bodies.header import header
from app.api.bodies.multipart import Expected, Form, MultipartReader
from app.batching.byte_budget import Reservation
from app.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientGoneError,
    ParameterError,
    UnreadableBodyError,
    UnsupportedBodyError,
)
from app.worker.service import Service

Sink = Callable[[bytes], None]
"""Takes each chunk as it arrives."""


async def receive(request: Request, service: Service, share: Reservation, sink: Sink) -> None:
    """Pass the body to `sink` chunk by chunk; what it declares is checked before any is read.

    Raises:
        BodyTooLargeError: More bytes than `max_body_bytes`, declared or sent.
        BodyTimeoutError: Not all there within `body_timeout_s`.
        ClientGoneError: The client closed the connection midway.
        OverloadedError: All requests together hold as many bytes as they may.
        UnsupportedBodyError: The body is compressed.
    """
    limit = service.settings.max_body_bytes
    _check_headers(request, limit)
    received, is_over = 0, False
    try:
        async with asyncio.timeout(service.settings.body_timeout_s):
            while not is_over:
                chunk, is_over = await _next(request)
                received += len(chunk)
                _check_size(received, limit)
                share.take(len(chunk))
                sink(chunk)
    except TimeoutError as error:
        raise BodyTimeoutError(
            f"the body was not all there after {service.settings.body_timeout_s:g} s"
        ) from error


async def _next(request: Request) -> tuple[bytes, bool]:
    """The next bytes, and whether they are the last: Starlette's `stream` without its generator."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError("the client closed the connection before the body's end")
    return message.get("body", b""), not message.get("more_body", False)


async def receive_whole(request: Request, service: Service, share: Reservation) -> bytes:
    """The whole body; raises what `receive` raises."""
    chunks: list[bytes] = []
    await receive(request, service, share, chunks.append)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def receive_through(
    request: Request, service: Service, share: Reservation, sink: Sink
) -> None:
    """Pass the body to a sink that keeps none of it; raises what `receive` raises."""

    def passed(chunk: bytes) -> None:
        sink(chunk)
        share.give_back(len(chunk))

    await receive(request, service, share, passed)


async def receive_form(
    request: Request, service: Service, share: Reservation, expected: Expected
) -> Form:
    """A multipart body, taken apart as it arrives.

    Raises what `receive` and `MultipartReader` raise.
    """
    reader = MultipartReader(header(request, b"content-type") or "", expected)
    await receive(request, service, share, reader.feed)
    return reader.close()


def media_type(request: Request) -> str:
    """The body's media type without its parameters, in small letters; empty where none is given."""
    return (header(request, b"content-type") or "").partition(";")[0].strip().lower()


def unsupported(request: Request, wanted: str) -> UnsupportedBodyError:
    """The error for a body of another media type than those that the call takes."""
    sent = media_type(request)[:100]
    told = f"the body is of type {sent}" if sent else "the body's Content-Type is missing"
    return UnsupportedBodyError(f"{told}; send {wanted}")


def refuse_query(request: Request) -> None:
    """Refuse parameters in the URL of a call that takes them in its body.

    A threshold that is silently ignored would be a wrong answer.

    Raises:
        ParameterError: There is one.
    """
    if not request.scope["query_string"]:
        return
    for name in request.query_params:
        message = "this call takes its parameters in the body, not in the URL"
        raise ParameterError(
            f"{name[:100]}: {message}", [{"field": name[:100], "message": message}]
        )


def _check_headers(request: Request, limit: int) -> None:
    encoding = (header(request, b"content-encoding") or "identity").lower()
    if encoding != "identity":
        raise UnsupportedBodyError(
            f"the body is encoded as {encoding[:100]!r}; send it without Content-Encoding"
        )
    _declared(request, limit)


def _declared(request: Request, limit: int) -> int:
    """The bytes that the body is said to have; 0 where nothing is said."""
    declared = header(request, b"content-length")
    if declared is None:
        return 0
    if not declared.isdecimal():
        raise UnreadableBodyError("Content-Length is not a number")
    size = int(declared[:20])
    _check_size(size, limit)
    return size


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLargeError(f"the body has more than the {limit:,} bytes that are taken")
