"""Saturating load by wrk, a generator in C, with a fixed number of requests in flight.

wrk corrects its percentiles for the requests that it could not send while it waited, so they tend
to be too high.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import LoadRefusedError, ToolMissingError
from benchmarks.host.cores import Cores, generator_cores, pinned
from benchmarks.payloads import bodies

_SCRIPT = Path(__file__).with_name("post.lua")
_TIMEOUT_S = 30


@dataclass(frozen=True)
class Load:
    """Outcome of one run of the generator.

    `refused` counts answers with a status of 400 or more, `failed` broken connections and missing
    answers.
    """

    requests: int
    seconds: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    refused: int
    failed: int

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Pressure:
    """Parameters of a saturating load.

    Attributes:
        seconds: Duration.
        connections: Number of requests in flight at any time.
        cores: Cores of the generator, with one thread on each; None: its own core.
        expected_refusals: Share of the requests that the server should refuse.
    """

    seconds: float
    connections: int
    cores: Cores | None = None
    expected_refusals: float = 0.0


def find_wrk() -> str:
    """Return the path of wrk: `LIKEWISE_WRK`, or `wrk` on the search path.

    Raises:
        ToolMissingError: wrk is not installed.
    """
    found = shutil.which(os.environ.get("LIKEWISE_WRK", "wrk"))
    if found is None:
        raise ToolMissingError(
            "wrk is not installed: apt-get install wrk (Debian, Ubuntu) or brew install wrk; or "
            "let LIKEWISE_WRK name its program"
        )
    return found


def saturate(url: str, folder: Path, pressure: Pressure) -> Load:
    """Keep a number of requests in flight for a time, and return the outcome.

    Args:
        url: Address of the server, without a path.
        folder: Requests that `bodies.write` wrote.
        pressure: Number of requests in flight, and duration.

    Raises:
        LoadRefusedError: A request failed, or the wrong number were refused.
    """
    on = generator_cores() if pressure.cores is None else pressure.cores
    connections, seconds = pressure.connections, max(1, round(pressure.seconds))
    command = [
        *(find_wrk(), f"-t{min(len(on), connections)}", f"-c{connections}", f"-d{seconds}s"),
        *("--timeout", f"{_TIMEOUT_S}s", "-s", str(_SCRIPT), url, "--"),
        str(folder / bodies.MANIFEST),
    ]
    run = subprocess.run(  # noqa: S603 (the generator)
        pinned(command, on), capture_output=True, text=True, check=False
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    if run.returncode != 0 or not lines:
        raise LoadRefusedError(f"wrk gave no figures: {run.stderr.strip() or run.stdout.strip()}")
    load = Load(**json.loads(lines[-1]))
    _check(load, pressure.expected_refusals)
    return load


def _check(load: Load, expected_refusals: float) -> None:
    wrong = abs(load.refused - expected_refusals * load.requests)
    tolerated = 0.01 * load.requests + 8 if expected_refusals else 0
    if load.failed or wrong > tolerated or not load.requests:
        raise LoadRefusedError(
            f"of {load.requests} requests {load.refused} were refused and {load.failed} failed; "
            "a run with such requests is not a valid measurement"
        )
