"""Which core runs what: the server on one, the load generator on another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.errors import ToolMissingError

_WANTED = 2

Cores = tuple[int, ...]


def server_cores() -> Cores:
    """The core of the server, and of the ceiling that it is compared with."""
    return (_pair()[0],)


def generator_cores() -> Cores:
    """The core of the load generator."""
    return (_pair()[1],)


def usable_cores() -> Cores:
    """Every core that this process may use, in order."""
    return tuple(sorted(os.sched_getaffinity(0)))


def both_cores() -> Cores:
    """The two together."""
    return _pair()


def pinned(command: Sequence[str], cores: Cores) -> list[str]:
    """The command, held to these cores from its first instruction on, with all that it starts."""
    return [_taskset(), "--cpu-list", ",".join(map(str, cores)), *command]


@contextmanager
def held_to(cores: Cores) -> Iterator[None]:
    """Hold this very process to these cores for the length of the block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _pair() -> Cores:
    usable = usable_cores()
    if len(usable) < _WANTED:
        raise ToolMissingError("a core for the server and another for the load: two are needed")
    return usable[:_WANTED]


def _taskset() -> str:
    found = shutil.which("taskset")
    if found is None:
        raise ToolMissingError("taskset is not installed; it is in Debian's package util-linux")
    return found
