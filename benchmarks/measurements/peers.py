"""The service beside a plain endpoint, LitServe and BentoML."""

import subprocess
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.settings import SHIPPED_BUNDLES
from benchmarks.errors import LoadRefusedError, PeerMissingError
from benchmarks.host.cores import server_cores
from benchmarks.host.machine import ROOT
from benchmarks.load.steady_load import send_steadily
from benchmarks.payloads import bodies
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers.server import Program, Server, likewise, running
from benchmarks.trials.contest import SATURATING, pictures_of, requests_in, saturated
from benchmarks.trials.rounds import Spread, alternate, cpu_ratio, pausing, rate, ratio

ABOUT = """\
The same light encoder, images, generator and core; service and peer alternate. Each peer is a short
program in `benchmarks/peers/`, in its own virtual environment with pinned versions, tried in each
configuration of the second table and measured in its best. "At the same load" is an open loop at
70 % of the peer's capacity, sent to both in turn. All access logs are off. Both servers run all the
time, and the waiting one is paused (SIGSTOP), because some use processor time while they wait."""

_MODEL = "att-chopra"
_FOLDER = ROOT / "benchmarks" / "peers"
_VENVS = ROOT / "benchmarks" / ".venvs"
_SHARE, _HALF = 0.7, 0.5
_QUIET = {"BENTOML_DO_NOT_TRACK": "True", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Peer:
    """Another server of the same call.

    `configurations` are environments to try, `at_least` is the bar for each set of pictures, and
    `latency` adds a bar: a p99 of at most half that of the peer.
    """

    name: str
    program: tuple[str, ...]
    ready: str
    configurations: tuple[Mapping[str, str], ...]
    at_least: Mapping[str, float | None]
    latency: bool


_TWICE = {"lfw": 2.0, "photo-640x480": 2.0}
PEERS = (
    Peer(
        "plain",
        ("python", "server.py"),
        "/ready",
        ({"PEER_HANDLER": "def"}, {"PEER_HANDLER": "async"}),
        {"lfw": 1.2, "photo-640x480": 1.6, "photo-1920x1080": 2.0},
        latency=False,
    ),
    Peer(
        "litserve",
        ("python", "server.py"),
        "/health",
        (
            {"PEER_BATCH": "1", "PEER_FAST_QUEUE": "0"},
            {"PEER_BATCH": "1", "PEER_FAST_QUEUE": "1"},
            {"PEER_BATCH": "8", "PEER_FAST_QUEUE": "0"},
            {"PEER_BATCH": "8", "PEER_FAST_QUEUE": "1"},
            {"PEER_BATCH": "1", "PEER_FAST_QUEUE": "1", "PEER_WORKERS": "2"},
        ),
        _TWICE,
        latency=True,
    ),
    Peer(
        "bentoml",
        ("bentoml", "serve", "service:Verify", "--host", "127.0.0.1"),
        "/readyz",
        (
            {"PEER_MODE": "sync"},
            {"PEER_MODE": "sync", "PEER_THREADS": "4"},
            {"PEER_MODE": "async"},
            {"PEER_MODE": "batched"},
        ),
        _TWICE,
        latency=True,
    ),
)


def measure(plan: Plan) -> Found:
    """Measure every peer in its best configuration."""
    figures: list[Figure] = []
    rows: list[tuple[Cell, ...]] = []
    tried: list[tuple[Cell, ...]] = []
    for peer in PEERS:
        install(peer)
        best, seen = _best(plan, peer)
        tried += seen
        for name, bar in peer.at_least.items():
            some, row = _contest(plan, peer, best, name, bar)
            figures += some
            rows.append(row)
    columns = (
        "peer, pictures",
        "peer, /s",
        "service, /s",
        "by processor time",
        "p99 of peer, ms",
        "p99 of service, ms",
        "at requests/s",
    )
    tables = (
        Table(
            "Requests a second at saturation, and latency at the same load", columns, tuple(rows)
        ),
        Table(
            "Configurations tried on LFW pictures",
            ("peer", "configuration", "requests/s"),
            tuple(tried),
        ),
    )
    return Found(tuple(figures), tables)


def install(peer: Peer) -> None:
    """Create the virtual environment of a peer, once.

    Raises:
        PeerMissingError: pip could not install the requirements.
    """
    home, wanted = _VENVS / peer.name, _FOLDER / peer.name / "requirements.txt"
    stamp = home / "installed.txt"
    if stamp.is_file() and stamp.read_text() == wanted.read_text():
        return
    venv.create(home, clear=True, symlinks=True, with_pip=True)
    pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run = subprocess.run(  # noqa: S603 (our own command)
        [*pip, "install", "-r", str(wanted)], check=False
    )
    if run.returncode != 0:
        raise PeerMissingError(f"pip could not install {wanted}; its messages are above")
    stamp.write_text(wanted.read_text())


@contextmanager
def running_peer(peer: Peer, configuration: Mapping[str, str]) -> Iterator[Server]:
    """Run a peer on the core of the server."""
    folder, binaries = _FOLDER / peer.name, _VENVS / peer.name / "bin"
    bundle = {"PEER_BUNDLE": str(SHIPPED_BUNDLES / _MODEL), "PYTHONPATH": str(_FOLDER)}
    environment = _QUIET | bundle | dict(configuration)
    # BentoML has its own variable for the port.
    port = "BENTOML_PORT" if peer.name == "bentoml" else "PEER_PORT"
    command = [str(binaries / peer.program[0]), *peer.program[1:]]
    program = Program(command, peer.ready, port, environment, folder)
    with running(program, server_cores()) as server:
        yield server


def _best(plan: Plan, peer: Peer) -> tuple[Mapping[str, str], list[tuple[Cell, ...]]]:
    """Return the fastest configuration, and a row for each.

    Raises:
        LoadRefusedError: The peer refused requests in every configuration.
    """
    made, _ = pictures_of(plan, "lfw")
    folder = requests_in(plan, "tried", bodies.verify_requests(made.files))
    rates = [_try(plan, peer, each, folder) for each in peer.configurations]
    best = max(rate or 0 for rate in rates)
    if not best:
        raise LoadRefusedError(f"{peer.name} refused requests in every configuration")
    rows: list[tuple[Cell, ...]] = []
    for configuration, speed in zip(peer.configurations, rates, strict=True):
        named = " ".join(f"{key}={value}" for key, value in configuration.items())
        rows.append((peer.name, named, "refused requests" if speed is None else speed))
    return peer.configurations[rates.index(best)], rows


def _try(plan: Plan, peer: Peer, configuration: Mapping[str, str], folder: Path) -> float | None:
    """Return requests per second, or None if some were refused."""
    with running_peer(peer, configuration) as server:
        try:
            turn = saturated(plan, server, folder)
            return rate([turn() for _ in range(min(3, plan.rounds))]).median
        except LoadRefusedError:
            return None


def _contest(
    plan: Plan, peer: Peer, configuration: Mapping[str, str], name: str, bar: float | None
) -> tuple[list[Figure], tuple[Cell, ...]]:
    """Measure throughput in turns, then latency at the same load in turns."""
    made, _ = pictures_of(plan, name)
    theirs = requests_in(plan, "theirs", bodies.verify_requests(made.files))
    ours = requests_in(plan, "ours", bodies.verify_requests(made.files, _MODEL))
    with running_peer(peer, configuration) as other, likewise(server_cores()) as server:
        contenders = {
            "peer": pausing(server, saturated(plan, other, theirs, SATURATING)),
            "service": pausing(other, saturated(plan, server, ours, SATURATING)),
        }
        turns = alternate(contenders, plan.rounds)
        load = _SHARE * rate(turns["peer"]).median
        p99s = [
            (_p99(plan, server, ours, load, other), _p99(plan, other, theirs, load, server))
            for _ in range(plan.rounds)
        ]
    case = f"{peer.name}, {name}"
    latency = Spread.of([mine / yours for mine, yours in p99s])
    figures = [
        Figure.of(f"throughput over {case}", ratio(turns["service"], turns["peer"]), at_least=bar),
        Figure.of(f"p99 of that of {case}", latency, at_most=_HALF if peer.latency else None),
    ]
    mine, yours = (Spread.of(column).median for column in zip(*p99s, strict=True))
    used = cpu_ratio(turns["service"], turns["peer"]).median
    rates = (rate(turns["peer"]).median, rate(turns["service"]).median)
    return figures, (case, *rates, used, yours, mine, load)


def _p99(plan: Plan, server: Server, folder: Path, load: float, waiting: Server) -> float:
    with waiting.paused():
        return send_steadily(server.port, folder, load, plan.seconds).p99_ms
