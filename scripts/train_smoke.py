"""Run all steps once: draw data, train, export, evaluate, serve, verify over HTTP.

    make train-smoke

Fails unless the served bundle separates genuine from impostor pairs.
"""

import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import httpx2 as httpx

from scripts.service import service

NAME = "smoke"


def main() -> None:
    """Run every step in a folder that is removed at the end."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        data, run, bundles = (Path(scratch) / name for name in ("data", "run", "bundles"))
        training("demo-data", "--out", data, "--identities", 60, "--images", 8)
        training("train", "own_folder", "--data", data, "--out", run, "--epochs", 6)
        training("export", run, "--to", bundles / NAME)
        training("evaluate", bundles / NAME, "--data", data, "--out", run / "report")
        with service(MODELS_DIR=bundles, DEFAULT_MODEL=NAME) as url:
            check_decisions(url, data)
    print(f"trained, exported, served and verified in {time.monotonic() - began:.0f} s")


def training(*arguments: object) -> None:
    """Run one command of `python -m training`."""
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    print("$", " ".join(["python", *command[1:]]), flush=True)
    subprocess.run(command, check=True)  # noqa: S603 (our own command)


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
