"""A real server process, its memory and processor time, and HTTP as bytes on a socket."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.servers import PATIENCE_S, ROOT, free_port

BOUNDARY = b"xyz"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        return self.json()["type"].removeprefix("urn:likewise:problem:")


class Server:
    """`python -m app`, running."""

    def __init__(self, process, port, log):
        self.process, self.port, self._log = process, port, log

    @property
    def log(self):
        return self._log.read_text()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)

    def send(self, data):
        """One request on a connection of its own."""
        with self.connect() as connection:
            with contextlib.suppress(ConnectionError):  # It may be answered before its end.
                connection.sendall(data)
            return read_reply(connection)

    def post(self, path, body, content_type="image/png"):
        return self.send(request(path, body, content_type))

    def forget_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def memory(self, field):
        """Resident memory in bytes: `VmHWM` is its peak, `VmRSS` its present size."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request(path, body=b"", content_type="image/png", *extra):
    """A complete POST as bytes."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: test",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *extra,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def part(name, data):
    """A part of a multipart body, without a file name."""
    head = b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
    return head % (BOUNDARY, name.encode()) + data + b"\r\n"


def form(*parts):
    """A multipart body and its content type."""
    body = b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"
    return body, f"multipart/form-data; boundary={BOUNDARY.decode()}"


def read_reply(connection):
    """The next answer on a connection, and nothing of another; None if it is closed without one."""
    head = b""
    with contextlib.suppress(ConnectionResetError):
        while not head.endswith(b"\r\n\r\n"):
            more = connection.recv(1)
            if not more:
                return None
            head += more
        first, *lines = head[:-4].decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        length, body = int(headers["content-length"]), b""
        while len(body) < length:
            body += connection.recv(min(65_536, length - len(body)))
        return Reply(int(first.split()[1]), headers, body)
    return None


@contextlib.contextmanager
def running(models_dir, log, *, before=(), **settings):
    """A server that is ready; `before` is a command that runs it."""
    port = free_port()
    settings = {
        "MODELS_DIR": models_dir,
        "DEFAULT_MODEL": "tiny",
        "PORT": port,
        "LOG_LEVEL": "warning",
        "THREADS": 1,
        "DEADLINE_MS": 60_000,
    } | settings
    environment = os.environ | {f"LIKEWISE_{name}": str(value) for name, value in settings.items()}
    with log.open("w") as stderr:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [*before, sys.executable, "-m", "app"], cwd=ROOT, env=environment, stderr=stderr
        )
    server = Server(process, port, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(server):
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and server.process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError):
            reply = server.send(b"GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n")
            if reply.status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"not ready: {server.log}")
