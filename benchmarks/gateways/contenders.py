"""nginx, Envoy and Traefik: starting each, and reloading its configuration.

Each runs like the gateway of docker-compose.yml: not as root, on a read-only root file system, with
its configuration at /gateway. nginx has the configuration of `deploy/gateway`, the one in use.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import ToolMissingError
from benchmarks.host.machine import ROOT
from benchmarks.servers.containers import Container, Network, run_in, wait_until_ready

PORT = 8080
_NGINX = "docker.io/library/nginx:stable-bookworm"
_DEBIAN = "docker.io/library/debian:bookworm-slim"
_HERE = Path(__file__).parent
_HARDENED = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--tmpfs=/tmp:size=256m")


@dataclass(frozen=True)
class Swap:
    """A text in a configuration file, and its replacement."""

    file: str
    old: str
    new: str

    def apply(self, folder: Path) -> None:
        """Replace the file atomically.

        Raises:
            ValueError: The file does not contain the text.
        """
        file = folder / self.file
        text = file.read_text()
        if self.old not in text:
            raise ValueError(f"{file} has no {self.old!r}")
        changed = folder / f".{file.name}"
        changed.write_text(text.replace(self.old, self.new))
        changed.replace(file)

    def reversed(self) -> Swap:
        """Return the swap that undoes this one."""
        return Swap(self.file, self.new, self.old)


@dataclass(frozen=True)
class Contender:
    """One gateway.

    Attributes:
        name: Name in the report.
        folder: Folder of its configuration.
        image: Container image.
        program: Program file in the container; mounted from the host if the image has none.
        command: Start command.
        environment: Added to that of the container.
        unlimited: Removes the rate limit of a client, so that load from one address passes.
        change: A change of the configuration for reloads.
        reload: Command in the container after a change; empty if the program watches its files.
    """

    name: str
    folder: Path
    image: str
    program: str
    command: tuple[str, ...]
    environment: tuple[str, ...] = ()
    unlimited: tuple[Swap, ...] = ()
    change: Swap = Swap("", "", "")
    reload: tuple[str, ...] = ()


@dataclass
class Gateway:
    """A running contender, with its own copy of the configuration."""

    contender: Contender
    container: Container
    folder: Path
    _change: Swap

    @property
    def url(self) -> str:
        """Address of the gateway, without a path."""
        return f"http://{self.container.address}:{PORT}"

    def reload(self) -> None:
        """Change the configuration, and reload it."""
        self._change.apply(self.folder)
        self._change = self._change.reversed()
        if self.contender.reload:
            run_in(self.container, *self.contender.reload)

    def program_bytes(self) -> int:
        """Return the size of the program file."""
        return int(run_in(self.container, "stat", "-Lc%s", self.contender.program))


CONTENDERS = (
    Contender(
        "nginx",
        ROOT / "deploy" / "gateway",
        _NGINX,
        "/usr/sbin/nginx",
        ("/gateway/start.sh",),
        ("MAX_BODY_BYTES=64000000", "ANSWER_TIMEOUT=15s", "RATE=100000r/s", "BURST=100000"),
        change=Swap(
            "nginx.conf.template", "client_header_timeout 10s", "client_header_timeout 11s"
        ),
        reload=("sh", "/gateway/start.sh", "reload"),
    ),
    Contender(
        "Envoy",
        _HERE / "envoy",
        _DEBIAN,
        "/usr/local/bin/envoy",
        ("-c", "exec envoy -c /gateway/envoy.yaml --concurrency 2 --log-level warning"),
        unlimited=(
            Swap("listeners.yaml", "max_tokens: 400,", "max_tokens: 100000,"),
            Swap("listeners.yaml", "tokens_per_fill: 200,", "tokens_per_fill: 100000,"),
        ),
        change=Swap(
            "listeners.yaml", "request_headers_timeout: 10s", "request_headers_timeout: 11s"
        ),
    ),
    Contender(
        "Traefik",
        _HERE / "traefik",
        _DEBIAN,
        "/usr/local/bin/traefik",
        ("-c", "exec traefik --configFile=/gateway/traefik.yml"),
        unlimited=(
            Swap(
                "dynamic/likewise.yml",
                "average: 200, burst: 400",
                "average: 100000, burst: 100000",
            ),
        ),
        change=Swap(
            "dynamic/likewise.yml", "responseHeaderTimeout: 15s", "responseHeaderTimeout: 16s"
        ),
    ),
)


@contextmanager
def running(
    contender: Contender, network: Network, workspace: Path, options: tuple[str, ...] = ()
) -> Iterator[Gateway]:
    """Run a contender, until its network is removed."""
    folder = workspace / contender.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(contender.folder, folder)
    for swap in contender.unlimited:
        swap.apply(folder)
    folder.chmod(0o755)
    mounts = (f"--volume={folder}:/gateway:ro", *_program_mount(contender))
    environment = tuple(f"--env={each}" for each in contender.environment)
    settings = (*_HARDENED, "--user=101:101", "--entrypoint=sh", *mounts, *environment, *options)
    container = network.run("gateway", contender.image, settings, contender.command)
    wait_until_ready(container, PORT, "/readyz")
    yield Gateway(contender, container, folder, contender.change)


def _program_mount(contender: Contender) -> tuple[str, ...]:
    if contender.image != _DEBIAN:
        return ()
    return (f"--volume={find_program(contender.name)}:{contender.program}:ro",)


def find_program(name: str) -> Path:
    """Return the program of a gateway: `LIKEWISE_ENVOY`, `LIKEWISE_TRAEFIK`, or on the search path.

    Raises:
        ToolMissingError: The program is not installed.
    """
    variable = f"LIKEWISE_{name.upper()}"
    found = shutil.which(os.environ.get(variable, name.lower()))
    if found is None:
        raise ToolMissingError(f"{name} is not installed; let {variable} name its program")
    return Path(found).resolve()
