"""Requests that take as much memory as they can, from many connections at once."""

import contextlib
import functools
import itertools
import random
import struct
import threading
from collections import Counter

from tests import worst_images
from tests.fakes import photo
from tests.hostile.server import form, part, read_reply, request

CONNECTIONS = 64
NO_ANSWER = 0
LARGEST, MIDDLE, SMALL = 49_000_000, 14_000_000, 5_000_000
OF_EACH_SIZE = (
    "PNG RGBA square",
    "PNG RGBA 16 row",
    "PNG LA column",
    "PNG grey 16 column",
    "PNG grey 1 row",
    "PNG RGBA row turned",
    "PNG RGB turned",
    "PNG RGBA interlaced",
    "PNG palette transparent",
    "PNG RGB transparent",
    "TIFF RGB strip turned",
    "TIFF RGBA 16 strip",
    "TIFF CMYK 16 strip turned",
    "TIFF YCbCr strip turned",
    "TIFF int strip",
    "TIFF large tile",
    "TIFF RGBA column",
    "TIFF RGBA row",
    "BMP run lengths",
    "PPM cut",
)
OF_ONE_SIZE = (
    "WebP lossless RGBA wide",
    "WebP lossy RGBA square",
    "WebP animated RGBA",
    "WebP turned RGBA",
    "WebP code tables lossless",
    "WebP code tables with_alpha",
    "WebP code tables animated",
    "WebP lossless RGB tall",
    "JPEG CMYK progressive 65500",
    "JPEG RGB progressive 65500",
    "JPEG CMYK baseline 65500",
    "JPEG thin",
    "TIFF tiff_lzw",
    "TIFF zstd",
    "TIFF lzma",
    "TIFF jpeg",
    "TIFF group4",
    "TIFF packbits",
    "GIF wide",
    "GIF tall",
    "GIF animated",
    "PNG animated",
)


@functools.cache
def files():
    """Name → bytes, of every format that is read."""
    made = {}
    for size in (LARGEST, MIDDLE, SMALL):
        makers = worst_images.worst_images(size)
        made |= {f"{name} {size}": makers[name]() for name in OF_EACH_SIZE}
    makers = worst_images.worst_images(MIDDLE)
    made |= {name: makers[name]() for name in OF_ONE_SIZE}
    made["WebP of 36 bytes"] = worst_images.saved(
        "RGBA", (16_383, LARGEST // 16_383), "WEBP", lossless=True, method=0, quality=0
    )
    made |= {name: make() for name, make in worst_images.FIXED.items()}
    cut = {f"cut {name}": data[: len(data) * 9 // 10] for name, data in made.items()}
    return made | dict(itertools.islice(cut.items(), 0, None, 4))


def images():
    """One request for each file, at each call in turn."""
    for number, data in enumerate(files().values()):
        parts = [part("image1", data), part("image2", data)]
        yield [
            request("/embed", data),
            request("/verify", *form(*parts)),
            request("/preview", data),
            request("/embed", *form(*[part("image", data)] * 3)),
        ][number % 4]


def bodies():
    """Bodies that are as large as they may be."""
    padded = photo(1).ljust(9_900_000, b"\0")
    return [request("/embed", *form(*[part("image", padded)] * 6))] * CONNECTIONS


def galleries(dim, rows=100_000):
    """Galleries of which the last row never comes, so that all are held at a time."""
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dim}), }}"
    head = head.ljust(117) + "\n"
    start = b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode()
    body = start + bytes(4 * dim * 2_000)
    length = len(start) + 4 * dim * rows
    line = (
        "POST /compare HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-npy\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    return [line.encode() + body] * CONNECTIONS


def json_galleries(dim):
    """Numbers of two bytes, each of which is eight as a number."""
    row = b"[" + b",".join([b"0"] * dim) + b"]"
    rows = b",".join([row] * (3_000_000 // dim - 1))
    body = b'{"probe":%b,"gallery":[%b]}' % (row, rows)
    return [request("/compare", body, "application/json")] * CONNECTIONS


def attack(connect, requests, wait_s=60.0):
    """Send all requests, from `CONNECTIONS` connections at once; count the answers' statuses."""
    left = list(requests)
    random.Random(3).shuffle(left)  # noqa: S311 (an order, no secret)
    found, start = Counter(), threading.Barrier(min(CONNECTIONS, len(left)))

    def client():
        start.wait()
        while True:
            try:
                data = left.pop()
            except IndexError:
                return
            found[_send(connect, data, wait_s)] += 1

    clients = [threading.Thread(target=client) for _ in range(start.parties)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    return found


def _send(connect, data, wait_s):
    with connect() as connection:
        connection.settimeout(wait_s)
        with contextlib.suppress(ConnectionError, TimeoutError):
            connection.sendall(data)
        return status_of(connection)


def status_of(connection):
    with contextlib.suppress(TimeoutError):
        reply = read_reply(connection)
        return NO_ANSWER if reply is None else reply.status
    return NO_ANSWER
