"""Reading and writing .npy files."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likewise_client.errors import LikewiseClientError

STDOUT = "-"
_MATRIX = 2


def read_rows(path: Path) -> NDArray[Any]:
    """Return the rows of a .npy file, (n, dim); an array of shape (dim,) is one row.

    Raises:
        LikewiseClientError: The file cannot be read, or holds no rows of numbers.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise LikewiseClientError(f"{path}: not a .npy file that can be read: {error}") from error
    rows = np.atleast_2d(array) if isinstance(array, np.ndarray) else None
    if rows is None or rows.ndim != _MATRIX or not len(rows):
        raise LikewiseClientError(f"{path}: no rows of numbers")
    return rows


def write_rows(rows: NDArray[Any], to: str) -> None:
    """Write a .npy file atomically, or to standard output.

    Raises:
        LikewiseClientError: The file cannot be written; a previous one is left as it was.
    """
    file = io.BytesIO()
    np.save(file, rows, allow_pickle=False)
    if to == STDOUT:
        sys.stdout.buffer.write(file.getvalue())
        sys.stdout.flush()
        return
    path = Path(to)
    # Not `tempfile`, whose mode is 0600: the umask decides who may read the embeddings.
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            temporary.write_bytes(file.getvalue())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise LikewiseClientError(f"{path}: {error.strerror or error}") from error
