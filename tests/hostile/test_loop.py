"""The event loop while a body of the greatest allowed size arrives, in any form.

The service runs in a thread of this process, and the longest gap is measured as the processor time
of that thread between two pulses: other programs on the machine do not count.
"""

import asyncio
import base64
import contextlib
import gc
import io
import json
import socket
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest
import uvicorn
import uvloop

from app.main import create_app
from app.server.server import server_config
from app.settings import Settings
from tests.fakes import DIM, photo
from tests.hostile.server import BOUNDARY, form, part, read_reply
from tests.servers import wait_until

SIZE = 64_000_000
MAX_GAP_S = 0.1
"""Three times the longest that was seen; `python -m benchmarks run loop` has the bar."""
PULSE_S = 0.001
JSON, NPY = "application/json", "application/x-npy"


@dataclass
class Pulse:
    """The longest processor time of the loop's thread between two pulses, in seconds."""

    longest: float = 0.0
    beats: int = 0
    is_over: bool = False

    async def beat(self):
        before = time.thread_time()
        while not self.is_over:
            await asyncio.sleep(PULSE_S)
            now = time.thread_time()
            self.longest, before = max(self.longest, now - before), now
            self.beats += 1

    def longest_until_now(self):
        """The answer may be here before the pulse that follows the work for it."""
        beats = self.beats
        wait_until(lambda: self.beats > beats + 1)
        return self.longest

    def begin(self):
        gc.collect()
        gc.freeze()  # As a worker does at its start; the objects of the tests are no part of it.
        self.longest = 0.0


@dataclass
class Running:
    """A service in a thread."""

    port: int
    pulse: Pulse = field(default_factory=Pulse)

    def send(self, head, pieces):
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            with contextlib.suppress(ConnectionError):  # It may be answered before its end.
                connection.sendall(head)
                for piece in pieces:
                    connection.sendall(piece)
            return read_reply(connection)


@pytest.fixture(scope="module")
def service(models_dir):
    settings = Settings(
        models_dir=models_dir, default_model="tiny", threads=1, max_gallery=1_000_000, port=1
    )
    server = uvicorn.Server(server_config(settings, create_app(settings)))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = Running(listening.getsockname()[1])

        async def serve():
            pulse = asyncio.ensure_future(running.pulse.beat())
            await server.serve(sockets=[listening])
            running.pulse.is_over = True
            await pulse

        def run():
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run)
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield running
        finally:
            server.should_exit = True
            thread.join()


def filled(head, more, tail=b"", size=SIZE):
    """A body of this size, and no less than one repetition."""
    return head + more * ((size - len(head) - len(tail)) // len(more)) + tail


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def image_text(image):
    return json.dumps({"image1": image, "image2": image}).encode()


def texts(more):
    return filled(b'{"image1":"', more, b'","image2":""}')


def row(number, width=DIM):
    return b"[" + b",".join([number] * width) + b"]"


def gallery(number):
    one = row(number)
    head = b'{"probe":' + one + b',"gallery":[' + one
    return filled(head, b"," + one, b"]}", min(SIZE, 3_000_000 // DIM * (len(one) + 1)))


PICTURE = photo(1) + bytes(9_900_000)
B64 = base64.b64encode(PICTURE).decode()
FORM = f"multipart/form-data; boundary={BOUNDARY.decode()}"
IMAGE_PART = part("image", b"")[:-2]

BODIES = {
    "form, six images": ("/embed", FORM, lambda: form(*[part("image", PICTURE)] * 6)[0]),
    "form, one image without end": ("/embed", FORM, lambda: filled(IMAGE_PART, b"x")),
    "form, many line breaks": ("/embed", FORM, lambda: filled(IMAGE_PART, b"\r\n")),
    "form, nearly boundaries": ("/embed", FORM, lambda: filled(IMAGE_PART, b"\r\n--xy")),
    "form, many parts": ("/embed", FORM, lambda: filled(b"", part("image", b"x"))),
    "form, unknown parts": ("/embed", FORM, lambda: filled(b"", part("x", b""))),
    "form, long header": ("/embed", FORM, lambda: filled(b"--xyz\r\nA: ", b"x")),
    "form, many headers": ("/embed", FORM, lambda: filled(b"--xyz\r\n", b"A: b\r\n")),
    "form, no boundary": ("/embed", FORM, lambda: filled(b"", b"x")),
    "form, after its end": ("/embed", FORM, lambda: filled(b"--xyz--\r\n", b"\r\n--xyz")),
    "raw, one image": ("/embed", "image/png", lambda: PICTURE),
    "raw, too large": ("/embed", "image/png", lambda: filled(photo(1), b"\0")),
    "JSON, two images": ("/verify", JSON, lambda: image_text(B64)),
    "JSON, escaped": ("/verify", JSON, lambda: image_text(B64).replace(b"/", b"\\/")),
    "JSON, hex escapes": ("/verify", JSON, lambda: texts(b"\\u0041")),
    "JSON, line breaks": ("/verify", JSON, lambda: texts(b"\\n")),
    "JSON, blanks": ("/verify", JSON, lambda: texts(b" ")),
    "JSON, not ASCII": ("/verify", JSON, lambda: texts("é".encode())),
    "JSON, not base64": ("/verify", JSON, lambda: texts(b"*")),
    "JSON, backslashes": ("/verify", JSON, lambda: texts(b"\\\\")),
    "JSON, another text": ("/verify", JSON, lambda: filled(b'{"model":"', b"x")),
    "JSON, deep": ("/verify", JSON, lambda: filled(b"", b"[")),
    "JSON, many names": ("/verify", JSON, lambda: filled(b'{"a":1', b',"a":1')),
    "JSON, outer blanks": ("/verify", JSON, lambda: filled(b"", b" ")),
    "vectors, digits": ("/compare", JSON, lambda: gallery(b"1")),
    "vectors, floats": ("/compare", JSON, lambda: gallery(b"0.12345678901234567")),
    "vectors, exponents": ("/compare", JSON, lambda: gallery(b"1.5e-300")),
    "vectors, long numbers": ("/compare", JSON, lambda: gallery(b"0." + b"123456789" * 10)),
    "vectors, one number": ("/compare", JSON, lambda: filled(b'{"gallery":[[1]', b",[1]")),
    "vectors, no numbers": ("/compare", JSON, lambda: filled(b'{"gallery":[', b"[],")),
    "vectors, texts": ("/compare", JSON, lambda: filled(b'{"gallery":[["a"', b',"a"')),
    "vectors, one row": ("/compare", JSON, lambda: filled(b'{"gallery":[[1', b",1")),
    "vectors, blanks": ("/compare", JSON, lambda: filled(b'{"gallery":[', b" ")),
    "vectors, deep": ("/compare", JSON, lambda: filled(b'{"gallery":[', b"[")),
    "vectors, not finite": ("/compare", JSON, lambda: gallery(b"1e999")),
    "array": ("/compare", NPY, lambda: saved(np.ones((1_000_001, DIM), np.float32))),
    "array, not finite": ("/compare", NPY, lambda: saved(np.full((10**6, DIM), np.nan, "f4"))),
    "array, another type": ("/compare", NPY, lambda: saved(np.ones((990_000, DIM), np.float64))),
    "array, no header": ("/compare", NPY, lambda: filled(b"\x93NUMPY\x01\0\xff\xff", b"(")),
    "array, deep header": ("/compare", NPY, lambda: filled(b"\x93NUMPY\x01\0\xf4\x01", b"(")),
    "array, longer": ("/compare", NPY, lambda: filled(saved(np.ones((2, DIM), "f4")), b"\0")),
}


def headers(path, media_type, *more):
    lines = [f"POST {path} HTTP/1.1", "Host: test", f"Content-Type: {media_type}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def pieces_of(body, size=1 << 20):
    return (body[start : start + size] for start in range(0, len(body), size))


def check(service, reply):
    if reply is not None:  # A connection is closed where the client goes on after a refusal.
        assert reply.status in {200, 400, 413, 415, 422, 431}, reply.body[:300]
    assert service.pulse.longest_until_now() < MAX_GAP_S


@pytest.mark.serial
@pytest.mark.parametrize(("path", "media_type", "make"), BODIES.values(), ids=BODIES)
def test_no_body_holds_the_loop(service, path, media_type, make):
    body = make()
    assert len(body) <= SIZE
    head = headers(path, media_type, f"Content-Length: {len(body)}")
    service.pulse.begin()
    check(service, service.send(head, pieces_of(body)))


CHUNKS = {
    "one byte": (b"1\r\nx\r\n", "image/png"),
    "twenty bytes": (b"14\r\n" + b"x" * 20 + b"\r\n", "image/png"),
    "one line": (b"50\r\n" + b"x" * 80 + b"\r\n", "image/png"),
    "an extension": (b"1;a=b\r\nx\r\n", "image/png"),
    "one byte of base64": (b"1\r\nA\r\n", JSON),
}


@pytest.mark.serial
@pytest.mark.parametrize(("chunk", "media_type"), CHUNKS.values(), ids=CHUNKS)
def test_no_chunks_hold_the_loop(service, chunk, media_type):
    path = "/verify" if media_type == JSON else "/embed"
    head = headers(path, media_type, "Transfer-Encoding: chunked")
    service.pulse.begin()
    check(service, service.send(head, pieces_of(chunk * (20_000_000 // len(chunk)))))


HEADS = {
    "parameters": b"GET /models?" + b"a&" * 30_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n",
    "parameters of a call": b"POST /embed?" + b"model=&" * 9_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n",
    "escapes": b"GET /" + b"%41" * 21_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n",
    "many requests": b"GET /livez HTTP/1.1\r\nHost: t\r\n\r\n" * 100_000,
    "many bad requests": b"POST /verify HTTP/1.1\r\nHost: t\r\n\r\n" * 100_000,
    "accepted types": b"POST /embed HTTP/1.1\r\nHost: t\r\nAccept: "
    + b"a/b," * 15_000
    + b"\r\n\r\n",
}


@pytest.mark.serial
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_no_head_holds_the_loop(service, head):
    service.pulse.begin()
    service.send(head, [])
    assert service.pulse.longest_until_now() < MAX_GAP_S
