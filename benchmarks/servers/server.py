"""A server under test: start on given cores, wait until ready, measure, stop."""

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
_POLL_S = 0.002

QUIET = {"LIKEWISE_LOG_LEVEL": "warning"}
"""No log line for each request, as with every peer; the ablations measure their cost."""
FLOAT32 = {"LIKEWISE_PRECISION": "fp32"}
"""The graph that ceiling and peers run; the benchmark `precision` measures the other one."""


@dataclass(frozen=True)
class Server:
    """A ready server.

    `start_seconds` is the time from its process's start to its first 200 for readiness.
    """

    pid: int
    port: int
    start_seconds: float

    @property
    def url(self) -> str:
        """Address of the server, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return processes.cpu_seconds(self.pid)

    def paused(self) -> AbstractContextManager[None]:
        """Pause the server for the length of a block."""
        return processes.paused(self.pid)


@dataclass(frozen=True)
class Program:
    """Program of a server.

    Attributes:
        command: Its command line.
        ready: Path that answers 200 once the server is ready.
        port_name: Environment variable of its port.
        environment: Added to the caller's environment without its `LIKEWISE_` variables.
        folder: Its working directory.
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
    """Run the service, as `python -m app` does.

    Args:
        cores: Cores it may use.
        settings: By name in lower case, without the prefix: `{"workers": 2}`.
        command: Another command that runs it.
    """
    chosen = {f"LIKEWISE_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    with running(
        Program(command, "/readyz", "LIKEWISE_PORT", QUIET | FLOAT32 | chosen), cores
    ) as server:
        yield server


@contextmanager
def running(program: Program, cores: Cores) -> Iterator[Server]:
    """Run a server on these cores until the end of the block.

    Raises:
        ServerFailedError: The server does not become ready, or does not stop.
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
        time.sleep(_POLL_S)
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
    """Kill the remaining processes of a server, which leads its own session."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:  # No process is left.
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
