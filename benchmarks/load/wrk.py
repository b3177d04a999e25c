"""The load at saturation: wrk, a generator in C, with as many requests in flight as it is told.

wrk corrects its percentiles for the requests that it could not send while it waited, so they are
on the cautious side.
"""

from __future__ import annotations

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
    """What one run of the generator saw.

    `refused` counts the answers from 400 on, `failed` connections that broke and answers that never
    came.
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
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Pressure:
    """How hard, and how long, a server is pressed.

    Attributes:
        seconds: How long.
        connections: How many requests are in flight at any time.
        cores: Where the generator runs, with one thread on each; its own core where None.
        expected_refusals: The share of the requests that are made to be refused.
    """

    seconds: float
    connections: int
    cores: Cores | None = None
    expected_refusals: float = 0.0


def find_wrk() -> str:
    """The generator: `LIKEWISE_WRK`, or `wrk` on the path.

    Raises:
        ToolMissingError: There is neither.
    """
    found = shutil.which(os.environ.get("LIKEWISE_WRK", "wrk"))
    if found is None:
        raise ToolMissingError(
            "wrk is not installed: apt-get install wrk (Debian, Ubuntu) or brew install wrk; or "
            "let LIKEWISE_WRK name its program"
        )
    return found


def saturate(url: str, folder: Path, pressure: Pressure) -> Load:
    """Keep so many requests in flight for so long, and count.

    Args:
        url: The server, without a path.
        folder: What `bodies.write` wrote.
        pressure: How hard, and how long.

    Raises:
        LoadRefusedError: A request failed, or was refused that should not have been.
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
            "a run with such requests measures something else"
        )
