"""Process trees: their processor time and memory from /proc, and pausing them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Counted from the state, which follows the name in brackets.
_UTIME, _STIME, _CUTIME, _CSTIME = range(11, 15)
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq and steal, of the line `cpu`


def tree(pid: int) -> Iterator[int]:
    """Yield the process and all its living descendants."""
    yield pid
    for task in _PROC.glob(f"{pid}/task/*/children"):
        for child in _read(task).split():
            yield from tree(int(child))


def cpu_seconds(pid: int) -> float:
    """Processor time of the tree so far, in seconds."""
    return sum(map(_cpu_seconds, tree(pid)))


def cpu_seconds_with_ended(pid: int) -> float:
    """Processor time of the tree so far, including children that have ended."""
    return sum(_seconds(each, (_UTIME, _STIME, _CUTIME, _CSTIME)) for each in tree(pid))


def resident_mb(pid: int) -> float:
    """Resident memory of one process, in units of 10^6 bytes."""
    return _status_kb(pid, "VmRSS:") * 1024 / 1e6


def largest_resident_mb(pid: int) -> float:
    """Resident memory of the largest process of the tree, in units of 10^6 bytes."""
    return max(map(resident_mb, tree(pid)))


def open_files(pid: int) -> int:
    """Number of file descriptors that one process has open; 0 once it has ended."""
    return sum(1 for _ in _PROC.glob(f"{pid}/fd/*"))


def threads(pid: int) -> int:
    """Number of threads of one process; 0 once it has ended."""
    return sum(1 for _ in _PROC.glob(f"{pid}/task/*"))


def machine_busy_seconds() -> float:
    """Processor time of the whole machine since boot, without idle time and I/O wait."""
    fields = _read(_PROC / "stat").splitlines()[0].split()[1:]
    return sum(int(fields[index]) for index in _BUSY) / _TICKS


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Pause the tree by SIGSTOP for the length of the block."""
    pids = list(tree(pid))
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:  # It has ended meanwhile.
            continue


def _cpu_seconds(pid: int) -> float:
    return _seconds(pid, (_UTIME, _STIME))


def _seconds(pid: int, counted: tuple[int, ...]) -> float:
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return sum(int(fields[index]) for index in counted) / _TICKS if fields else 0.0


def _status_kb(pid: int, key: str) -> int:
    for line in _read(_PROC / str(pid) / "status").splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # The process has ended meanwhile.
        return ""
