"""Memory that this service may use: the least of the cgroup's limits and the machine's memory."""

import ctypes
import os
import re
from contextlib import suppress
from pathlib import Path

from app.encoders.cpu_budget import CGROUPS, OWN_CGROUP, own_folders

_STATUS = Path("/proc/self/status")
_OWN = re.compile(r"RssAnon:\s+(\d+) kB")
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Parameters of glibc's `mallopt`."""
_LARGE_BYTES = 4 << 20


def cgroup_limit(cgroups: Path = CGROUPS, own_cgroup: Path = OWN_CGROUP) -> int | None:
    """Return the bytes that the cgroup (v1 or v2) and its parents allow, or None for no limit."""
    places = [folder / "memory.max" for folder in own_folders(cgroups, own_cgroup)]
    places += [
        folder / "memory.limit_in_bytes"
        for folder in own_folders(cgroups / "memory", own_cgroup, "memory")
    ]
    limits = [limit for limit in map(_read_limit, places) if limit is not None]
    least = min(limits, default=None)
    # Without a limit, cgroups v1 has the largest number of pages that there can be.
    return None if least is None or least >= machine_memory() else least


def machine_memory() -> int:
    """Return the bytes of the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def own_bytes() -> int:
    """Return the bytes of memory of this process alone; 0 where the system does not say.

    Pages of program files are not counted: the kernel drops them where memory is short.
    """
    with suppress(OSError):
        found = _OWN.search(_STATUS.read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def return_large_pieces() -> None:
    """Make the allocator return large pieces to the system as soon as they are freed.

    By default glibc raises the size from which it does so to 32 MB once such a piece was freed, and
    each thread keeps what it has freed below it. Another C library is left as it is.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_TRIM_THRESHOLD, 2 * _LARGE_BYTES)


def _read_limit(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
