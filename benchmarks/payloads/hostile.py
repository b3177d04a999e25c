"""Requests as the bytes of a connection: usual ones, and hostile ones of many kinds."""

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from benchmarks.payloads.bodies import JSON, Request, verify_requests


class Then(Enum):
    """Action of a client after it has sent its bytes."""

    READ = "read"
    """Read the answer."""
    LEAVE = "leave"
    """Close the connection without reading."""
    RESET = "reset"
    """Reset the connection."""


@dataclass(frozen=True)
class Exchange:
    """Bytes and action of one client.

    Attributes:
        kind: Name of the kind, in the tables.
        data: The bytes, which may be several requests or none.
        then: What it does then.
        is_hostile: False if the answer has to be 200.
    """

    kind: str
    data: bytes
    then: Then = Then.READ
    is_hostile: bool = True


def usual(requests: Sequence[Request]) -> list[Exchange]:
    """Return the exchanges of requests that have to be answered with 200."""
    return [Exchange("usual", _http(request), is_hostile=False) for request in requests]


def hostile(images: Sequence[bytes]) -> list[Exchange]:
    """Return one exchange of each hostile kind.

    Args:
        images: At least two image files, which are truncated or sent in a wrong way.
    """
    whole = _http(verify_requests(images[:2])[0])
    return [*_refused(images), *_malformed(), *_broken_off(whole)]


def _refused(images: Sequence[bytes]) -> list[Exchange]:
    """Return well-formed requests whose content is refused."""
    one, other = images[:2]
    text = base64.b64encode(one).decode()
    bodies = {
        "no image": _embed(b"no image"),
        "no byte": _embed(b""),
        "cut image": _embed(one[: len(one) // 2]),
        "PNG of 3,600 million pixels": _embed(_png(60_000, 60_000, b"x")),
        "PNG with 80 MB of text": _embed(_png(8, 8, b"x", _text(80_000_000))),
        "PNG whose data is missing": _embed(_png(900, 900, zlib.compress(bytes(1000)))),
        "another media type": Request("/embed", "text/plain", one),
        "unknown model": Request("/embed?model=nobody", "image/png", one),
        "unknown path": Request("/nowhere", "image/png", one),
        "one image of two": Request("/verify", *_form(_part("image1", one))),
        "image twice": Request("/verify", *_form(_part("image1", one), _part("image1", other))),
        "1,000 parts": Request("/embed", *_form(*[_part("image", b"x")] * 1000)),
        "form without an end": Request("/verify", _form()[0], _form(_part("image1", one))[1][:-9]),
        "half of JSON": Request("/verify", JSON, json.dumps({"image1": text}).encode()[:-2]),
        "deep JSON": Request("/verify", JSON, b"[" * 100_000),
        "path for an image": _json(image1="/etc/passwd", image2=text),
        "threshold of words": _json(image1=text, image2=text, threshold="low"),
        "negative threshold": _json(image1=text, image2=text, threshold=-1),
        "array of objects": Request(
            "/compare", "application/x-npy", b"\x93NUMPY\x01\x00\x05\x00{}"
        ),
    }
    return [Exchange(kind, _http(request)) for kind, request in bodies.items()]


def _malformed() -> list[Exchange]:
    """Return bytes that are no valid request, or one of another protocol."""
    post = b"POST /embed HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    kinds = {
        "no HTTP": b"hello\r\n\r\n",
        "TLS": bytes.fromhex("1603010200010001fc0303") + bytes(500),
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "WebSocket": b"GET /livez HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n",
        "no host": b"GET /livez HTTP/1.1\r\n\r\n",
        "two lengths": post + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "length and chunks": post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0",
        "chunk of words": chunked + b"words\r\n",
        "trailers of 200 kB": chunked + b"1\r\nx\r\n0\r\n" + b"X: " + b"y" * 200_000,
        "chunk extension of 200 kB": chunked + b"1;" + b"y" * 200_000,
        "200 headers": post + b"X: y\r\n" * 200 + b"\r\n",
        "header of 200 kB": post + b"X: " + b"y" * 200_000,
        "TRACE": b"TRACE /verify HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET": b"GET /verify HTTP/1.1\r\nHost: t\r\n\r\n",
    }
    return [Exchange(kind, data) for kind, data in kinds.items()]


def _broken_off(whole: bytes) -> list[Exchange]:
    """Return exchanges of clients that leave."""
    half = whole[: len(whole) // 2]
    return [
        Exchange("connects and leaves", b"", Then.LEAVE),
        Exchange("leaves in the head", whole[:30], Then.LEAVE),
        Exchange("leaves in the body", half, Then.LEAVE),
        Exchange("resets in the body", half, Then.RESET),
        Exchange("leaves before the answer", whole, Then.LEAVE),
        Exchange("resets before the answer", whole, Then.RESET),
    ]


def _http(request: Request) -> bytes:
    head = (
        f"POST {request.path} HTTP/1.1\r\nHost: t\r\nContent-Type: {request.media_type}\r\n"
        f"Content-Length: {len(request.body)}\r\n\r\n"
    )
    return head.encode() + request.body


def _embed(image: bytes) -> Request:
    return Request("/embed", "image/png", image)


def _json(**fields: object) -> Request:
    return Request("/verify", JSON, json.dumps(fields).encode())


def _part(name: str, data: bytes) -> bytes:
    head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n"


def _form(*parts: bytes) -> tuple[str, bytes]:
    return "multipart/form-data; boundary=xyz", b"".join(parts) + b"--xyz--\r\n"


def _png(width: int, height: int, data: bytes, before: bytes = b"") -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _text(size: int) -> bytes:
    return _chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(size), 1))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
