"""Run all steps once: draw data, train, export, evaluate, serve, verify over HTTP.

    make train-smoke

Fails unless the served bundle separates genuine from impostor pairs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import httpx2 as httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "smoke"
_START_S = 30


def main() -> None:
    """Run every step in a folder that is removed at the end."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        data, run, bundles = (Path(scratch) / name for name in ("data", "run", "bundles"))
        training("demo-data", "--out", data, "--identities", 60, "--images", 8)
        training("train", "own_folder", "--data", data, "--out", run, "--epochs", 6)
        training("export", run, "--to", bundles / NAME)
        training("evaluate", bundles / NAME, "--data", data, "--out", run / "report")
        with service(bundles) as url:
            check_decisions(url, data)
    print(f"trained, exported, served and verified in {time.monotonic() - began:.0f} s")


def training(*arguments: object) -> None:
    """Run one command of `python -m training`."""
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    print("$", " ".join(["python", *command[1:]]), flush=True)
    subprocess.run(command, check=True)  # noqa: S603 (our own command)


@contextmanager
def service(bundles: Path) -> Iterator[str]:
    """Serve a folder of bundles; give the URL once the service is ready."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"MODELS_DIR": str(bundles), "DEFAULT_MODEL": NAME, "PORT": str(port)}
    environment = os.environ | {f"LIKEWISE_{name}": value for name, value in settings.items()}
    process = subprocess.Popen([sys.executable, "-m", "app"], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=_START_S)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for /readyz, at most half a minute."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.ConnectError:
            pass
        time.sleep(0.1)
    sys.exit("the service did not become ready")


def check_decisions(url: str, data: Path) -> None:
    """Check that over many pairs genuine energies are below impostor energies."""
    figures = sorted(data.iterdir())[:12]
    genuine = [energy(url, figure / "00.png", figure / "01.png") for figure in figures]
    impostor = [energy(url, one / "00.png", other / "01.png") for one, other in pairwise(figures)]
    mean_genuine, mean_impostor = (sum(e) / len(e) for e in (genuine, impostor))
    print(f"mean energy: genuine {mean_genuine:.3f}, impostor {mean_impostor:.3f}")
    if not mean_genuine < 0.8 * mean_impostor:
        sys.exit("the served bundle does not tell genuine pairs from impostor pairs")


def energy(url: str, one: Path, other: Path) -> float:
    """Return the energy of two images by POST /verify."""
    files = {"image1": one.read_bytes(), "image2": other.read_bytes()}
    answer = httpx.post(f"{url}/verify", files=files).raise_for_status().json()
    return float(answer["energy"])


if __name__ == "__main__":
    main()
