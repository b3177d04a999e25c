"""Assignment of cores: the server on one, the load generator on another."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.errors import ToolMissingError

_NEEDED = 2

Cores = tuple[int, ...]


def server_cores() -> Cores:
    """Return the core of the server, which is also that of the ceiling."""
    return (_pair()[0],)


def generator_cores() -> Cores:
    """Return the core of the load generator."""
    return (_pair()[1],)


def usable_cores() -> Cores:
    """Return every core that this process may use, in order."""
    return tuple(sorted(os.sched_getaffinity(0)))


def both_cores() -> Cores:
    """Return the cores of server and load generator."""
    return _pair()


def pinned(command: Sequence[str], cores: Cores) -> list[str]:
    """Return the command that runs on these cores only, with all processes that it starts."""
    return [_taskset(), "--cpu-list", ",".join(map(str, cores)), *command]


@contextmanager
def pinned_to(cores: Cores) -> Iterator[None]:
    """Pin this process to these cores for the length of the block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _pair() -> Cores:
    usable = usable_cores()
    if len(usable) < _NEEDED:
        raise ToolMissingError(
            "two cores are needed: one for the server, one for the load generator"
        )
    return usable[:_NEEDED]


def _taskset() -> str:
    found = shutil.which("taskset")
    if found is None:
        raise ToolMissingError("taskset is not installed; it is in Debian's package util-linux")
    return found
