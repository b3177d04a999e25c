"""Gateways in front of two replicas: their cost, and failures when a replica fails."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.gateways.contenders import CONTENDERS, PORT, Contender, Gateway, running
from benchmarks.host import processes
from benchmarks.host.cores import server_cores
from benchmarks.load.clients import Clients, Count
from benchmarks.load.wrk import Load, Pressure, saturate
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers import containers
from benchmarks.servers.containers import Container, Network
from benchmarks.trials.contest import SATURATING, pictures_of, requests_in
from benchmarks.trials.rounds import Spread, Turn, alternate, ratio

ABOUT = """\
nginx, Envoy and Traefik in containers configured like the gateway of `docker-compose.yml`, before
two replicas in containers that they find through the name server of the network; podman runs them.
The replicas and the gateway share one core, and wrk has the other, so the cost of the gateway is
the loss of /verify (`att-chopra`, the light encoder, 160x160 JPEG) against a replica that is called
directly. Then clients send at a steady rate, far below saturation, during an event: a replica is
killed (SIGKILL); one is stopped with SIGTERM, and another started at a new address; both are, one
after the other; the gateway reloads a changed configuration; a replica is frozen, so that it
accepts connections and does not answer. A failure is a request whose answer is not a 200. The
clients never send a request twice."""

_IMAGE = os.environ.get("LIKEWISE_IMAGE", "likewise:1.0.0")
_REPLICA_PORT = 8000
_RATE, _CLIENTS = 40.0, 16
_CALM_S = 2.0
_WARM_UP_S = 3.0
_RELOADS, _BETWEEN_RELOADS_S = 4, 1.0
_SETTINGS = {
    "LIKEWISE_DEFAULT_MODEL": "att-chopra",
    "LIKEWISE_DRAIN_DELAY_S": "3",
    "LIKEWISE_LOG_LEVEL": "warning",
}
_FROZEN_S = 8.0
_CHOSEN = "nginx"


@dataclass
class Stack:
    """Two replicas behind a gateway."""

    network: Network
    replicas: list[Container] = field(default_factory=list)

    def add(self) -> None:
        """Start a replica at an unused address, and wait until it is ready."""
        environment = [f"--env={name}={value}" for name, value in _SETTINGS.items()]
        options = ("--read-only", "--tmpfs=/tmp:size=16m", *_on_server_core(), *environment)
        replica = self.network.run("likewise", _IMAGE, options)
        self.replicas.append(replica)
        containers.wait_until_ready(replica, _REPLICA_PORT, "/readyz")

    def take(self) -> Container:
        """Remove the oldest replica from the stack, and return it."""
        return self.replicas.pop(0)


Event = Callable[[Stack, Gateway], None]


def kill_one(stack: Stack, _: Gateway) -> None:
    """Kill a replica."""
    containers.kill(stack.take())


def replace_one(stack: Stack, _: Gateway) -> None:
    """Stop a replica, and start another."""
    containers.stop(stack.take())
    stack.add()


def replace_both(stack: Stack, gateway: Gateway) -> None:
    """Replace both replicas, one after the other, like a rolling update."""
    for _ in range(2):
        replace_one(stack, gateway)


def reload_often(_: Stack, gateway: Gateway) -> None:
    """Change the configuration of the gateway several times."""
    for _turn in range(_RELOADS):
        gateway.reload()
        time.sleep(_BETWEEN_RELOADS_S)


def freeze_one(stack: Stack, _: Gateway) -> None:
    """Freeze a replica for a time: it accepts connections and does not answer."""
    with processes.paused(stack.replicas[0].pid):
        time.sleep(_FROZEN_S)


EVENTS: Mapping[str, Event] = {
    "killed": kill_one,
    "replaced": replace_one,
    "both replaced": replace_both,
    "reloaded": reload_often,
    "frozen": freeze_one,
}
_BARRED = ("killed", "replaced", "both replaced", "reloaded")
"""Events in which no request may fail; requests inside a frozen replica may."""
_NOTE = "The containers are no children of the benchmark, and so are counted among the others."


@dataclass(frozen=True)
class Cost:
    """Cost of a gateway.

    Attributes:
        share: Requests per second as a share of those of a replica that is called directly.
        direct: Requests per second of that replica.
        ms: Processor time of the gateway per request.
        memory_mb: Resident memory of all its processes, after the load.
        program_mb: Size of its program file.
    """

    share: Spread
    direct: float
    ms: float
    memory_mb: float
    program_mb: float


def measure(plan: Plan) -> Found:
    """Measure every gateway, one after the other."""
    made, _ = pictures_of(plan, "lfw")
    folder = requests_in(plan, "gateways", bodies.verify_requests(made.files, "att-chopra"))
    costs: dict[str, Cost] = {}
    counts: dict[str, dict[str, list[Count]]] = {}
    for contender in _contenders():
        with containers.network("gateways") as network:
            costs[contender.name], counts[contender.name] = _trial(plan, contender, network, folder)
    tables = (_cost_table(costs), *_event_tables(counts))
    return Found(_figures(costs, counts), tables, notes=(_NOTE,))


def _contenders() -> tuple[Contender, ...]:
    """Return all gateways, or those that `LIKEWISE_GATEWAYS` lists, separated by commas."""
    wanted = os.environ.get("LIKEWISE_GATEWAYS")
    names = wanted.split(",") if wanted else [each.name for each in CONTENDERS]
    return tuple(each for each in CONTENDERS if each.name in names)


def _trial(
    plan: Plan, contender: Contender, network: Network, folder: Path
) -> tuple[Cost, dict[str, list[Count]]]:
    stack = Stack(network)
    stack.add()
    stack.add()
    with running(contender, network, plan.workspace, _on_server_core()) as gateway:
        cost = _cost(plan, stack, gateway, folder)
        requests = bodies.read(folder)
        counts: dict[str, list[Count]] = {event: [] for event in EVENTS}
        for _ in range(plan.rounds):
            for name, event in EVENTS.items():
                counts[name].append(_count_during(plan, stack, gateway, requests, event))
    return cost, counts


def _cost(plan: Plan, stack: Stack, gateway: Gateway, folder: Path) -> Cost:
    direct = f"http://{stack.replicas[0].address}:{_REPLICA_PORT}"

    def turn(url: str, seconds: float) -> Turn:
        before = _cpu_seconds(gateway)
        load: Load = saturate(url, folder, Pressure(seconds, SATURATING))
        return Turn(load.per_second, (_cpu_seconds(gateway) - before) / load.requests, load)

    for url in (direct, gateway.url):
        turn(url, _WARM_UP_S)
    turns = alternate(
        {
            "direct": lambda: turn(direct, plan.seconds),
            "through": lambda: turn(gateway.url, plan.seconds),
        },
        plan.rounds,
    )
    return Cost(
        ratio(turns["through"], turns["direct"]),
        Spread.of([each.per_second for each in turns["direct"]]).median,
        Spread.of([each.per_cpu_second for each in turns["through"]]).median * 1e3,
        sum(map(processes.resident_mb, processes.tree(gateway.container.pid))),
        gateway.program_bytes() / 1e6,
    )


def _cpu_seconds(gateway: Gateway) -> float:
    return processes.cpu_seconds_with_ended(gateway.container.pid)


def _count_during(
    plan: Plan, stack: Stack, gateway: Gateway, requests: Sequence[bodies.Request], event: Event
) -> Count:
    """Count a steady load during an event; afterwards there are two replicas again."""
    address = (gateway.container.address, PORT)
    end = time.monotonic() + plan.seconds
    with Clients(address, requests, _RATE, _CLIENTS) as clients:
        time.sleep(_CALM_S)
        event(stack, gateway)
        time.sleep(max(_CALM_S, end - time.monotonic()))
    while len(stack.replicas) < 2:  # noqa: PLR2004 (two replicas)
        stack.add()
    time.sleep(_CALM_S)
    return clients.count()


def _on_server_core() -> tuple[str, ...]:
    return (f"--cpuset-cpus={','.join(map(str, server_cores()))}",)


def _figures(
    costs: Mapping[str, Cost], counts: Mapping[str, Mapping[str, list[Count]]]
) -> tuple[Figure, ...]:
    shares = [
        Figure.of(f"/verify through {name}, of a replica asked directly", cost.share)
        for name, cost in costs.items()
    ]
    if _CHOSEN not in counts:
        return tuple(shares)
    seen = [each for event in _BARRED for each in counts[_CHOSEN][event]]
    lost, sent = sum(each.failed for each in seen), sum(each.requests for each in seen)
    name = f"failed of {sent:,} requests through {_CHOSEN}: {', '.join(_BARRED)}"
    return (*shares, Figure(name, lost, at_most=0))


def _cost_table(costs: Mapping[str, Cost]) -> Table:
    columns = (
        *("gateway", "directly, /s", "share", "gateway's processor time, ms a request"),
        *("resident, MB", "program, MB"),
    )
    rows = tuple(
        (name, cost.direct, cost.share.median, cost.ms, cost.memory_mb, cost.program_mb)
        for name, cost in costs.items()
    )
    return Table("What each costs", columns, rows)


def _event_tables(counts: Mapping[str, Mapping[str, list[Count]]]) -> tuple[Table, ...]:
    columns = ("gateway", *EVENTS)

    def table(title: str, cell: Callable[[list[Count]], Cell]) -> Table:
        rows = [(name, *(cell(seen[event]) for event in EVENTS)) for name, seen in counts.items()]
        return Table(title, columns, tuple(rows))

    return (
        table("Requests that failed, of all", failed_of_all),
        table("The slowest request of all rounds, ms", slowest),
        table("Requests that took more than a second", slow),
    )


def failed_of_all(counts: Sequence[Count]) -> str:
    """Format failures by reason: `2 of 600 (1 × 502, 1 × timeout)`."""
    sent, failed = sum(each.requests for each in counts), sum(each.failed for each in counts)
    wrong = {reason: 0 for each in counts for reason in each.wrong}
    for each in counts:
        for reason, times in each.wrong.items():
            wrong[reason] += times
    why = ", ".join(f"{times} × {reason}" for reason, times in sorted(wrong.items()))
    return f"{failed} of {sent:,}" + (f" ({why})" if why else "")


def slowest(counts: Sequence[Count]) -> float:
    """Latency of the slowest request of all rounds, in milliseconds."""
    return max(each.slowest_ms for each in counts)


def slow(counts: Sequence[Count]) -> int:
    """Number of requests of all rounds that took more than a second."""
    return sum(each.slow for each in counts)
