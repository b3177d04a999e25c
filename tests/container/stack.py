"""docker-compose.yml, run by the engine that `make image-test` found."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.servers import PATIENCE_S, ROOT, free_port

COMPOSE = str(Path(sys.executable).with_name("docker-compose"))


def run(*command, check=True, **options):
    """Run a command; if it fails, show its output."""
    done = subprocess.run(  # noqa: S603 (our own tools)
        command, capture_output=True, text=True, timeout=PATIENCE_S * 3, check=False, **options
    )
    said = f"{' '.join(command)}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert done.returncode == 0 or not check, said
    return done


class Engine:
    """docker or podman."""

    def __init__(self, name):
        self.name = name

    def __call__(self, *arguments, check=True):
        return run(self.name, *arguments, check=check).stdout.strip()

    def inspect(self, kind, name):
        found = json.loads(self(kind, "inspect", name))
        return found[0] if isinstance(found, list) else found


class Stack:
    """A project of docker-compose.yml, with ports of its own."""

    def __init__(self, engine, project, files=("docker-compose.yml",), **environment):
        self.engine, self.project, self.files = engine, project, files
        self.port = free_port()
        self.environment = os.environ | {"GATEWAY_PORT": str(self.port)} | environment

    def compose(self, *arguments, check=True):
        files = [part for name in self.files for part in ("--file", name)]
        command = (COMPOSE, "--progress", "quiet", *files, "--project-name", self.project)
        return run(*command, *arguments, check=check, cwd=ROOT, env=self.environment).stdout

    def containers(self, service="likewise"):
        return self.compose("ps", "--quiet", service).split()

    def addresses(self):
        networks = [
            self.engine.inspect("container", name)["NetworkSettings"]["Networks"]
            for name in self.containers()
        ]
        return {network["IPAddress"] for each in networks for network in each.values()}

    def logs(self, service):
        """Standard output and error of each container of a service."""
        said = [run(self.engine.name, "logs", container) for container in self.containers(service)]
        return "".join(each.stdout + each.stderr for each in said)

    def up(self):
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", str(PATIENCE_S))

    def down(self):
        self.compose("down", "--volumes", "--timeout", "5", check=False)

    def ask(self, method, path, body=None, headers=None):
        """One request through the gateway, on a connection of its own."""
        return ask(self.port, method, path, body, headers or {})


@contextlib.contextmanager
def standing(stack):
    """Start the stack, and always stop it at the end."""
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


def ask(port, method, path, body=None, headers=()):
    return ask_at(("127.0.0.1", port), method, path, body, headers)


def ask_at(address, method, path, body=None, headers=()):
    line = http.client.HTTPConnection(*address, timeout=30)
    with contextlib.closing(line):
        line.putrequest(method, path)
        for name, value in {"Content-Length": len(body or b""), **dict(headers)}.items():
            line.putheader(name, value)
        line.endheaders()
        # A server that refuses a body by its length does not read it.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.send(body or b"")
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()


def pair():
    """The two pictures of Ann as a body of /verify, and its type."""
    head = '--x\r\nContent-Disposition: form-data; name="image{0}"; filename="{0}.jpg"\r\n\r\n'
    parts = [
        head.format(n).encode() + (ROOT / f"examples/ann-{n}.jpg").read_bytes() + b"\r\n"
        for n in (1, 2)
    ]
    return b"".join([*parts, b"--x--\r\n"]), {"Content-Type": "multipart/form-data; boundary=x"}


class Load:
    """Clients that verify two pictures repeatedly until the context ends.

    Each request has its own connection: a server may rightly close a kept one at the moment
    in which it is used again, and that failure is not the one to find here.
    """

    def __init__(self, port, clients=8, pause_s=0.1):
        self.port, self.pause_s = port, pause_s
        self.answers, self.failures = [], []
        self._stop = threading.Event()
        self._clients = [threading.Thread(target=self._ask_on) for _ in range(clients)]

    def __enter__(self):
        for client in self._clients:
            client.start()
        time.sleep(1)
        return self

    def __exit__(self, *_):
        time.sleep(1)
        self._stop.set()
        for client in self._clients:
            client.join()

    def _ask_on(self):
        body, headers = pair()
        while not self._stop.wait(self.pause_s):
            began = time.monotonic()
            try:
                status, _, answer = ask(self.port, "POST", "/verify", body, headers)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, repr(error)
            self.answers.append(time.monotonic() - began)
            if status != 200:
                self.failures.append((status, answer))

    def figures(self):
        return {
            "requests": len(self.answers),
            "failed": len(self.failures),
            "slowest_s": round(max(self.answers), 2),
        }
