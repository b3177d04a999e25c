"""Machine, versions and revision behind a figure."""

import os
import platform
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.host import processes

ROOT = Path(__file__).parents[2]

_PACKAGES = (
    "fastapi",
    "httptools",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "pillow",
    "pydantic",
    "starlette",
    "uvicorn",
    "uvloop",
)


@dataclass(frozen=True)
class Occupancy:
    """Share of the machine, 0 to 1, that other processes used during a benchmark."""

    others: float


def describe() -> dict[str, str]:
    """Describe the machine."""
    gpu = _gpu()
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    } | ({"gpu": gpu} if gpu else {})


def versions() -> dict[str, str]:
    """Return the versions of the libraries that the figures depend on."""
    return {name: found for name in _PACKAGES if (found := _version(name))}


def revision() -> str:
    """Return the git revision, with `+changes` if files other than results and docs differ."""
    if shutil.which("git") is None:
        return "unknown"
    commit = _git("rev-parse", "--short=10", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":!benchmarks/results", ":!docs")
    return f"{commit or 'unknown'}{'+changes' if changed else ''}"


@contextmanager
def occupancy_by_others() -> Iterator[list[Occupancy]]:
    """Measure the occupancy by others during the block; afterwards the list has one entry.

    Child processes are counted once they have ended, so the block must end those it starts.
    """
    busy, own, wall = processes.machine_busy_seconds(), _own_seconds(), os.times().elapsed
    found: list[Occupancy] = []
    yield found
    elapsed = (os.times().elapsed - wall) * (os.cpu_count() or 1)
    others = (processes.machine_busy_seconds() - busy) - (_own_seconds() - own)
    found.append(Occupancy(max(0.0, others / elapsed) if elapsed else 0.0))


def _own_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _gpu() -> str:
    """Return the GPU and its driver as nvidia-smi names them; empty without a GPU."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    query = [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    found = subprocess.run(query, capture_output=True, text=True, check=False)  # noqa: S603 (a query)
    return found.stdout.strip().replace(", ", ", driver ") if found.returncode == 0 else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _git(*arguments: str) -> str:
    run = subprocess.run(  # noqa: S603 (our own command)
        ["git", *arguments],  # noqa: S607 (the caller's own git)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.strip()
