"""The folder in which the workers of one service keep their numbers, one set of files each.

The process that starts the workers makes it, or empties it, before they start. Numbers of a worker
that has ended stay in the sums, as they must for counters to only rise; the gauges of one that has
ended are taken out.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import SettingsError

IN_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own is made in it, for us alone)
"""Where a page of a mapped file is never written to a disk, for which its writer might wait."""

_LIVE = "gauge_live"


@contextmanager
def metrics_folder(chosen: Path | None) -> Iterator[Path]:
    """A folder without numbers.

    Args:
        chosen: The operator's: made where it is not there, emptied of numbers, and left. Where
            None, one is made, for this user alone, and removed at the end.

    Raises:
        SettingsError: `chosen` cannot be used.
    """
    if chosen is not None:
        _empty(chosen)
        yield chosen
        return
    within = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    made = Path(tempfile.mkdtemp(prefix="likewise-metrics-", dir=within))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def forget_gauges(folder: Path, pid: int) -> None:
    """Take out what a worker that has ended, or is about to start, said of the present."""
    for file in folder.glob(f"{_LIVE}*_{pid}.db"):
        file.unlink(missing_ok=True)


def forget_the_dead(folder: Path) -> None:
    """Take out the gauges of workers that have ended without taking out their own."""
    for pid in {int(file.stem.rpartition("_")[2]) for file in folder.glob(f"{_LIVE}*.db")}:
        if not _is_alive(pid):
            forget_gauges(folder, pid)


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
