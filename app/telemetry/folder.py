"""Folder of the metrics of one service, with a set of files for each worker.

The process that starts the workers creates or empties it before they start. Counters of a worker
that has ended stay in the sums, since a counter may only rise; its gauges are removed.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import SettingsError

IN_MEMORY = Path("/dev/shm")  # noqa: S108 (we create a private folder in it)
"""Memory file system, so that a mapped file is never written to a disk, which could block."""

_LIVE = "gauge_live"


@contextmanager
def metrics_folder(chosen: Path | None) -> Iterator[Path]:
    """Open an empty folder for metrics.

    Args:
        chosen: The operator's folder: created if missing, emptied of metrics, and left in place.
            None to create a private one, which is removed at the end.

    Raises:
        SettingsError: `chosen` cannot be used.
    """
    if chosen is not None:
        _empty(chosen)
        yield chosen
        return
    within = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    created = Path(tempfile.mkdtemp(prefix="likewise-metrics-", dir=within))
    try:
        yield created
    finally:
        shutil.rmtree(created, ignore_errors=True)


def remove_gauges(folder: Path, pid: int) -> None:
    """Remove the gauges of a worker that has ended, or is about to start."""
    for file in folder.glob(f"{_LIVE}*_{pid}.db"):
        file.unlink(missing_ok=True)


def remove_dead_gauges(folder: Path) -> None:
    """Remove the gauges of workers that have ended without removing their own."""
    for pid in {int(file.stem.rpartition("_")[2]) for file in folder.glob(f"{_LIVE}*.db")}:
        if not _is_alive(pid):
            remove_gauges(folder, pid)


def _empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.db"):
            file.unlink()
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingsError(
            f"LIKEWISE_METRICS_DIR={folder} cannot be written to ({error.strerror}); "
            "choose another folder, or leave it out"
        ) from error


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
