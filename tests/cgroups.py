"""A memory cgroup of the test's own, where one can be had: v1 or v2, without an image."""

import contextlib
import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


class MemoryCgroup:
    """A cgroup with a limit, and what the kernel counts in it."""

    def __init__(self, folder, limit):
        self.folder = folder
        self.is_v2 = not (folder / "memory.limit_in_bytes").exists()
        names = ["memory.max"] if self.is_v2 else ["memory.limit_in_bytes"]
        for name in names:
            (folder / name).write_text(str(limit))
        swap = folder / ("memory.swap.max" if self.is_v2 else "memory.memsw.limit_in_bytes")
        with contextlib.suppress(OSError):
            swap.write_text("0" if self.is_v2 else str(limit))

    @property
    def kills(self):
        """Number of processes that the kernel has killed for memory."""
        events = self.folder / ("memory.events" if self.is_v2 else "memory.oom_control")
        fields = dict(line.split() for line in events.read_text().splitlines())
        return int(fields["oom_kill"])

    @property
    def peak(self):
        """The most bytes that were in use at a time."""
        name = "memory.peak" if self.is_v2 else "memory.max_usage_in_bytes"
        return int((self.folder / name).read_text())

    @property
    def entering(self):
        """The beginning of a command that then runs in the cgroup."""
        enter = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        return "sh", "-c", enter, "sh"


@contextlib.contextmanager
def memory_cgroup(limit):
    """A new cgroup, or None where none can be made: no right to, or no controller."""
    folder = _parent() / f"likewise-test-{os.getpid()}"
    try:
        folder.mkdir()
        cgroup = MemoryCgroup(folder, limit)
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        yield None
        return
    try:
        yield cgroup
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _parent():
    """Where a memory cgroup may be made; of v2, the controller has to be handed down."""
    if (ROOT / "memory").is_dir():
        return ROOT / "memory"
    with contextlib.suppress(OSError):
        (ROOT / "cgroup.subtree_control").write_text("+memory")
    return ROOT
