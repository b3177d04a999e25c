"""Containers of one trial: run by podman on their own network, and removed together.

Only podman is supported, because it reports what Docker's engine hides: the address of a container
from the host, and its processes.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.errors import ContainerFailedError, ToolMissingError
from benchmarks.servers.readiness import answers

_PODMAN_S = 180.0
_READY_S = 60.0
_POLL_S = 0.05


@dataclass(frozen=True)
class Container:
    """A running container."""

    name: str
    address: str
    pid: int


@dataclass
class Network:
    """A bridge with a name server; one name can have the addresses of several containers."""

    name: str
    _count: int = field(default=0)

    def run(
        self, role: str, image: str, options: Sequence[str] = (), command: Sequence[str] = ()
    ) -> Container:
        """Start a container of a local image; `role` is its name on the network."""
        self._count += 1
        name = f"{self.name}-{role}-{self._count}"
        place = (*("--network", self.name), *("--network-alias", role), "--no-healthcheck")
        podman("run", "--detach", "--pull=never", "--name", name, *place, *options, image, *command)
        found = json.loads(podman("container", "inspect", name))[0]
        address = found["NetworkSettings"]["Networks"][self.name]["IPAddress"]
        return Container(name, address, found["State"]["Pid"])

    def remove(self) -> None:
        """Remove the network and all its containers."""
        podman("network", "rm", "--force", "--time=0", self.name)


@contextmanager
def network(prefix: str) -> Iterator[Network]:
    """Create a network for the length of a block."""
    made = Network(f"{prefix}-{os.getpid()}")
    podman("network", "create", made.name)
    try:
        yield made
    finally:
        made.remove()


def kill(container: Container) -> None:
    """Kill a container by SIGKILL, which resembles a crash."""
    podman("kill", "--signal=KILL", container.name)


def stop(container: Container) -> None:
    """Stop a container by SIGTERM, and wait until it has ended."""
    podman("stop", "--time=30", container.name)


def run_in(container: Container, *command: str) -> str:
    """Run a command in a container, and return its output."""
    return podman("exec", container.name, *command)


def wait_until_ready(container: Container, port: int, path: str) -> None:
    """Wait until a container answers with 200.

    Raises:
        ContainerFailedError: It does not in time; the message has the last lines of its log.
    """
    give_up = time.monotonic() + _READY_S
    while time.monotonic() < give_up:
        if answers(container.address, port, path):
            return
        time.sleep(_POLL_S)
    log = podman("logs", "--tail=5", container.name)
    raise ContainerFailedError(f"{container.name} was not ready after {_READY_S:g} s: {log}")


def podman(*arguments: str) -> str:
    """Run podman, and return its output.

    Raises:
        ContainerFailedError: The command failed, or took too long.
        ToolMissingError: podman is not installed.
    """
    program = shutil.which("podman")
    if program is None:
        raise ToolMissingError("podman is not installed; it is in Debian's package podman")
    try:
        run = subprocess.run(  # noqa: S603 (our own command)
            [program, *arguments], capture_output=True, text=True, timeout=_PODMAN_S, check=True
        )
    except subprocess.CalledProcessError as error:
        message = f"podman {' '.join(arguments)}: {error.stderr.strip()[-500:]}"
        raise ContainerFailedError(message) from error
    except subprocess.TimeoutExpired as error:
        raise ContainerFailedError(f"podman {arguments[0]} took over {_PODMAN_S:g} s") from error
    return run.stdout
