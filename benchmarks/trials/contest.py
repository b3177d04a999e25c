"""Cases of a trial: pictures, requests made of them, and servers under that load."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.host.cores import Cores
from benchmarks.load.wrk import Load, Pressure, saturate
from benchmarks.payloads import bodies, pictures
from benchmarks.payloads.pictures import Pictures
from benchmarks.plan import Plan
from benchmarks.servers.server import Server
from benchmarks.trials.rounds import Contender, of_server

COUNTS = {
    "att": 128,
    "lfw": 128,
    "photo-640x480": 64,
    "photo-1920x1080": 16,
    "face": 128,
    "face-640x480": 64,
}
"""Number of different pictures of a set that are sent in turn."""
SATURATING = 16
"""Requests in flight that keep one core busy without a long queue."""
_WARM_UP_S = 2.0


def pictures_of(plan: Plan, name: str) -> tuple[Pictures, Path]:
    """Return a set of pictures, and the folder that holds its files."""
    made = pictures.make_pictures(name, COUNTS.get(name, 32), plan.data)
    return made, pictures.save(made, plan.workspace / f"pictures-{name}")


def requests_in(plan: Plan, name: str, requests: Sequence[bodies.Request]) -> Path:
    """Write requests to the folder that a load generator reads, and return it."""
    return bodies.write(requests, plan.workspace / f"requests-{name}")


def saturated(
    plan: Plan,
    server: Server,
    folder: Path,
    connections: int = SATURATING,
    cores: Cores | None = None,
) -> Contender:
    """Warm up a server, and return the contender that keeps it busy."""

    def load(seconds: float) -> Load:
        return saturate(server.url, folder, Pressure(seconds, connections, cores))

    load(_WARM_UP_S)
    return of_server(server, partial(load, plan.seconds))
