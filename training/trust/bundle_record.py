"""Committed records that are about one bundle each, in a folder of their kind."""

from pathlib import Path
from typing import TypeVar

from model.schema.fields import Frozen
from training.errors import RunError
from training.runs.record_files import read_record_file, write_record_file


class BundleRecord(Frozen):
    """A record of one bundle."""

    record_version: int = 1
    bundle: str
    version: str
    sha256: str


Kind = TypeVar("Kind", bound=BundleRecord)


def write_record(record: BundleRecord, folder: Path) -> Path:
    """Write a record under the name of its bundle, and return its path."""
    path = folder / f"{record.bundle}.json"
    write_record_file(record, path)
    return path


def read_records(kind: type[Kind], folder: Path) -> tuple[Kind, ...]:
    """Read every record of a folder, by file name.

    Raises:
        RunError: A file is not a record of this kind, or there is none.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise RunError(f"{folder} has no records; measure first, without --from-records")
    return tuple(read_record_file(kind, path) for path in paths)
