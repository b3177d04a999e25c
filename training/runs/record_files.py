"""Files of committed records: one model each, as JSON that a change of can be read in a diff."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from model.errors import FileError, faults
from model.files import read_file
from model.schema.fields import Frozen
from training.errors import RunError

MAX_RECORD_BYTES = 20_000_000

Kind = TypeVar("Kind", bound=Frozen)


def write_record_file(record: Frozen, path: Path) -> None:
    """Write a record, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_record_file(kind: type[Kind], path: Path) -> Kind:
    """Read a record of some kind.

    Raises:
        RunError: The file is not such a record, or cannot be read.
    """
    try:
        return kind.model_validate_json(read_file(path, MAX_RECORD_BYTES))
    except ValidationError as error:
        raise RunError(f"{path} is not a record: {faults(error)}") from error
    except FileError as error:
        raise RunError(str(error)) from error
