"""Folder of the metrics of one service, with a set of files for each worker.

The process that starts the workers creates or empties it before they start. Counters of a worker
that has ended stay in the sums, since a counter may only rise; its gauges are removed.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import SettingsError
from app.telemetry.reserved_file import INITIAL_BYTES, reserve

logger = logging.getLogger(__name__)

IN_MEMORY = Path("/dev/shm")  # noqa: S108 (we create a private folder in it)
"""Memory file system, so that a mapped file is never written to a disk, which could block."""

_CHOICES = "*.choice"
"""Files of `app.encoders.graph_choice`; the service may have moved to another processor."""
_LIVE = "gauge_live"
_FILES_OF_A_WORKER = 4
_GROWTH = 2
"""How many times larger than new ones the files of a worker may become with a few models."""


@contextmanager
def metrics_folder(chosen: Path | None, workers: int = 1) -> Iterator[Path]:
    """Open an empty folder for metrics.

    Args:
        chosen: The operator's folder: created if missing, emptied of metrics, and left in place.
            None to create a private one, which is removed at the end: in memory, or, where there
            is no room, in the folder for temporary files.
        workers: Number of workers whose files have to fit.

    Raises:
        SettingsError: `chosen` cannot be used or has no room, or no private folder can be made.
    """
    room = workers * _FILES_OF_A_WORKER * INITIAL_BYTES * _GROWTH
    if chosen is not None:
        _empty(chosen, room)
        yield chosen
        return
    created = _create(room)
    try:
        yield created
    finally:
        shutil.rmtree(created, ignore_errors=True)


def _create(room: int) -> Path:
    """Create a private folder, if possible where there is room."""
    problems = []
    for within in (IN_MEMORY, _temporary()):
        created = None
        try:
            created = Path(tempfile.mkdtemp(prefix="likewise-metrics-", dir=within))
            _check_room(created, room)
        except OSError as error:
            problems.append(f"{within}: {error.strerror}")
            if created is not None:
                shutil.rmtree(created, ignore_errors=True)
        else:
            if problems:
                logger.warning("the metrics are in %s (%s)", created, "; ".join(problems))
            return created
    raise SettingsError(
        f"no folder for the metrics has {room:,} bytes of room ({'; '.join(problems)}); make room, "
        "set LIKEWISE_METRICS_DIR to another folder, or LIKEWISE_METRICS=false"
    )


def _temporary() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:  # no folder can be written to
        return Path(tempfile.gettempprefix())


def _check_room(folder: Path, size: int) -> None:
    probe = folder / "room"
    reserve(probe, size)
    probe.unlink()


def remove_gauges(folder: Path, pid: int) -> None:
    """Remove the gauges of a worker that has ended, or is about to start."""
    for file in folder.glob(f"{_LIVE}*_{pid}.db"):
        file.unlink(missing_ok=True)


def remove_dead_gauges(folder: Path) -> None:
    """Remove the gauges of workers that have ended without removing their own."""
    for pid in {int(file.stem.rpartition("_")[2]) for file in folder.glob(f"{_LIVE}*.db")}:
        if not _is_alive(pid):
            remove_gauges(folder, pid)


def _empty(folder: Path, room: int) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in (*folder.glob("*.db"), *folder.glob(_CHOICES)):
            file.unlink()
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _check_room(Path(scratch), room)
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
