"""Containers of one trial: run by podman on a network of their own, and removed together.

podman alone, as it can be asked for what Docker's own engine hides: a container's address from
here, and its processes.
"""

from __future__ import annotations

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
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Container:
    """A container that runs."""

    name: str
    address: str
    pid: int


@dataclass
class Network:
    """A bridge with a name server, on which a name may have the addresses of several containers."""

    name: str
    _count: int = field(default=0)

    def run(
        self, role: str, image: str, options: Sequence[str] = (), command: Sequence[str] = ()
    ) -> Container:
        """Start a container of an image that is here; `role` is a name that it answers to."""
        self._count += 1
        name = f"{self.name}-{role}-{self._count}"
        place = (*("--network", self.name), *("--network-alias", role), "--no-healthcheck")
        podman("run", "--detach", "--pull=never", "--name", name, *place, *options, image, *command)
        found = json.loads(podman("container", "inspect", name))[0]
        address = found["NetworkSettings"]["Networks"][self.name]["IPAddress"]
        return Container(name, address, found["State"]["Pid"])

    def remove(self) -> None:
        """End all its containers, and the network."""
        podman("network", "rm", "--force", "--time=0", self.name)


@contextmanager
def network(prefix: str) -> Iterator[Network]:
    """A network for the length of a block."""
    made = Network(f"{prefix}-{os.getpid()}")
    podman("network", "create", made.name)
    try:
        yield made
    finally:
        made.remove()


def kill(container: Container) -> None:
    """End it at once, as a crash does."""
    podman("kill", "--signal=KILL", container.name)


def stop(container: Container) -> None:
    """Tell it to end, and wait until it has."""
    podman("stop", "--time=30", container.name)


def run_in(container: Container, *command: str) -> str:
    """Run a command in it, and return what that says."""
    return podman("exec", container.name, *command)


def wait_until_ready(container: Container, port: int, path: str) -> None:
    """Wait for a 200.

    Raises:
        ContainerFailedError: There is none in time; the message has the container's last lines.
    """
    give_up = time.monotonic() + _READY_S
    while time.monotonic() < give_up:
        if answers(container.address, port, path):
            return
        time.sleep(_LOOK_EVERY_S)
    said = podman("logs", "--tail=5", container.name)
    raise ContainerFailedError(f"{container.name} was not ready after {_READY_S:g} s: {said}")


def podman(*arguments: str) -> str:
    """Run podman and return what it says.

    Raises:
        ContainerFailedError: It failed, or took too long.
    """
    program = shutil.which("podman")
    if program is None:
        raise ToolMissingError("podman is not installed; it is in Debian's package podman")
    try:
        run = subprocess.run(  # noqa: S603 (our own command)
            [program, *arguments], capture_output=True, text=True, timeout=_PODMAN_S, check=True
        )
    except subprocess.CalledProcessError as error:
        said = f"podman {' '.join(arguments)}: {error.stderr.strip()[-500:]}"
        raise ContainerFailedError(said) from error
    except subprocess.TimeoutExpired as error:
        raise ContainerFailedError(f"podman {arguments[0]} took over {_PODMAN_S:g} s") from error
    return run.stdout
