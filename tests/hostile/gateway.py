"""nginx with the gateway's own configuration, in front of one server."""

import contextlib
import json
import os
import shutil
import subprocess
import time

import pytest

from tests.hostile.server import Server
from tests.servers import PATIENCE_S, ROOT, free_port

TEMPLATE = ROOT / "deploy/gateway/nginx.conf.template"
VALUES = {"MAX_BODY_BYTES": "3000000", "ANSWER_TIMEOUT": "15s", "RATE": "100000r/s"}


class Gateway(Server):
    """nginx, running; its log has one entry for each request."""

    def entries(self):
        """Those of the log, without the probes, which it does not log."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]


def configuration(folder, port, replica):
    """The template as `start.sh` fills it in, with the container's folders and ports replaced."""
    text = TEMPLATE.read_text()
    for name, value in (VALUES | {"BURST": "10000"}).items():
        text = text.replace(f"${{{name}}}", value)
    for old, new in {
        "/tmp/": f"{folder}/",  # noqa: S108 (the container's)
        "/dev/stdout": str(folder / "log"),
        "/dev/stderr": str(folder / "errors"),
        "/gateway/tls": str(folder / "tls"),
        "listen 8080": f"listen 127.0.0.1:{port}",
    }.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "replicas.conf").write_text(f"server 127.0.0.1:{replica} max_fails=0;\n")
    (folder / "nginx.conf").write_text(text)
    return folder / "nginx.conf"


@contextlib.contextmanager
def gateway(folder, replica):
    """An nginx that passes requests on to the port `replica`."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("there is no nginx: apt-get install nginx-light")
    port = free_port()
    command = [program, "-p", str(folder), "-c", str(configuration(folder, port, replica))]
    user = "user root; " if os.geteuid() == 0 else ""  # The folder is this user's.
    process = subprocess.Popen([*command, "-g", f"{user}daemon off;"])  # noqa: S603 (nginx)
    server = Gateway(process, port, folder / "log")
    try:
        _wait_until_alive(server)
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait_until_alive(server):
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and server.process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), server.connect() as connection:
            connection.sendall(b"GET /-/gateway HTTP/1.1\r\nHost: test\r\n\r\n")
            if connection.recv(100).startswith(b"HTTP/1.1 204"):
                return
        time.sleep(0.05)
    raise AssertionError("nginx did not start")
