"""Number of processor cores that this process may use.

`os.cpu_count()` counts the machine's cores. A container's quota and the affinity mask may each
allow fewer, and more threads than that only take turns (ONNX Runtime issue 29510).
"""

import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def usable_cores(cgroups: Path = CGROUPS, own_cgroup: Path = OWN_CGROUP) -> int:
    """Return the whole cores that the affinity mask and the cgroup's quota allow, at least 1."""
    quotas = [_quota_v2(folder) for folder in own_folders(cgroups, own_cgroup)]
    quotas.append(_quota_v1(cgroups / "cpu"))
    allowed = [quota for quota in quotas if quota is not None]
    return max(1, int(min([_affinity(), *allowed])))


def threads_per_worker(threads: int, workers: int, cores: int) -> int:
    """Return the job threads of each worker: the setting, or an equal share of the cores."""
    return threads or max(1, cores // workers)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def own_folders(cgroups: Path, own_cgroup: Path, controller: str = "") -> list[Path]:
    """Return our cgroup's folder and its parents: any may set a limit, and the least applies.

    Args:
        cgroups: Folder of the hierarchy.
        own_cgroup: File that tells where in it we are.
        controller: Name of a controller of cgroups v1; empty for v2.
    """
    lines = (line.split(":", 2) for line in _read(own_cgroup).splitlines())
    inside = next((line[2] for line in lines if controller in line[1:2]), "/")
    own = cgroups / inside.lstrip("/")
    return [folder for folder in (own, *own.parents) if folder.is_relative_to(cgroups)]


def _quota_v2(folder: Path) -> float | None:
    return _ratio(_read(folder / "cpu.max").split())


def _quota_v1(folder: Path) -> float | None:
    return _ratio(
        [*_read(folder / "cpu.cfs_quota_us").split(), _read(folder / "cpu.cfs_period_us")]
    )


def _ratio(quota_and_period: list[str]) -> float | None:
    """Parse a quota and its period, in microseconds; `max` (v2) and −1 (v1) mean no quota."""
    try:
        quota, period = (int(number) for number in quota_and_period)
    except ValueError:
        return None
    return quota / period if quota > 0 and period > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
