"""A server under test: started on its cores, waited for, watched, and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import ServerFailedError
from benchmarks.host import processes
from benchmarks.host.cores import Cores, pinned
from benchmarks.host.machine import ROOT
from benchmarks.servers.readiness import answers

_START_S, _STOP_S = 60.0, 30.0
_LOOK_EVERY_S = 0.002

QUIET = {"LIKEWISE_LOG_LEVEL": "warning"}
"""No line for each request, here and at every peer; the ablations say what those lines cost."""


@dataclass(frozen=True)
class Server:
    """A server that is ready.

    `start_seconds` is the time from its process's start to its first 200 for readiness.
    """

    pid: int
    port: int
    start_seconds: float

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor time so far, with all its processes."""
        return processes.cpu_seconds(self.pid)

    def held(self) -> AbstractContextManager[None]:
        """Held still for the length of a block, while another server has its turn."""
        return processes.held(self.pid)


@dataclass(frozen=True)
class Program:
    """A server's program.

    Attributes:
        command: What runs it.
        ready: The path that answers 200 once it is ready.
        port_name: The environment's variable that gives it its port.
        environment: Added to ours, of which no `LIKEWISE_` variable is passed on.
        folder: Where it runs.
    """

    command: Sequence[str]
    ready: str
    port_name: str
    environment: Mapping[str, str]
    folder: Path = ROOT


@contextmanager
def likewise(
    cores: Cores,
    settings: Mapping[str, object] | None = None,
    command: Sequence[str] = (sys.executable, "-m", "app"),
) -> Iterator[Server]:
    """The service itself, as `python -m app` runs it.

    Args:
        cores: What it may use.
        settings: By their names in small letters, without the prefix: `{"workers": 2}`.
        command: Runs it in another way.
    """
    chosen = {f"LIKEWISE_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    with running(Program(command, "/readyz", "LIKEWISE_PORT", QUIET | chosen), cores) as server:
        yield server


@contextmanager
def running(program: Program, cores: Cores) -> Iterator[Server]:
    """Run a server on these cores until the end of the block.

    Raises:
        ServerFailedError: It does not become ready, or does not stop.
    """
    port = _free_port()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LIKEWISE_")}
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 (the server under test)
        pinned(program.command, cores),
        cwd=program.folder,
        env=ours | dict(program.environment) | {program.port_name: str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(process, port, program.ready)
        yield Server(process.pid, port, time.perf_counter() - started)
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise ServerFailedError(f"{process.args!r} ended with status {process.returncode}")
        if answers("127.0.0.1", port, path):
            return
        time.sleep(_LOOK_EVERY_S)
    raise ServerFailedError(f"{process.args!r} was not ready after {_START_S:g} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired as error:
        raise ServerFailedError(f"{process.args!r} did not stop in {_STOP_S:g} s") from error
    finally:
        _kill_group(process.pid)
        process.wait()


def _kill_group(leader: int) -> None:
    """End what a server has left behind: it leads a session of its own, made for this."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:  # nothing is left
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
