"""Embeddings of a parquet file, to be enrolled."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from likewise_client.client import Likewise
from likewise_client.errors import LikewiseClientError
from likewise_client.galleries.answers import Enrolment
from likewise_client.results import Model

ENDINGS = frozenset((".parquet", ".pq"))
_METADATA = b"likewise"


def by_folder(path: str) -> str:
    """Return the name of an image's folder."""
    return path.rpartition("/")[0].rpartition("/")[2]


def by_file(path: str) -> str:
    """Return the name of an image's file, without its ending."""
    file = path.rpartition("/")[2]
    return file.rpartition(".")[0] or file


NAMES: dict[str, Callable[[str], str]] = {"folder": by_folder, "file": by_file}
"""The ways to name an identity by the path of its image."""


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of identities.

    Attributes:
        model: The model that made them.
        rows: The first rows of each identity, by its name.
        embeddings: Shape (rows of the file, dim).
        passed_over: Number of images beyond those that are taken of an identity.
    """

    model: Model
    rows: dict[str, list[int]]
    embeddings: NDArray[Any]
    passed_over: int = 0

    @property
    def names(self) -> Sequence[str]:
        """Names of the identities."""
        return tuple(self.rows)

    def enrol(self, service: Likewise, gallery: str, name: str) -> Enrolment:
        """Enrol an identity by its embeddings."""
        return service.enrol_embedding(gallery, name, self.embeddings[self.rows[name]], self.model)

    @classmethod
    def of(cls, path: Path, images: int, name_of: Callable[[str], str]) -> Self:
        """Read a file that `python -m bulk embed` has made. Images without embedding are left out.

        Args:
            path: The file.
            images: Largest number of images of an identity; the first ones are taken.
            name_of: An identity's name, by the path of an image.

        Raises:
            LikewiseClientError: The file cannot be read, is none of embeddings, or has none; or
                pyarrow is not installed.
        """
        table, model = _read(path)
        rows: dict[str, list[int]] = {}
        for row, image in enumerate(table.column("path").to_pylist()):
            of_name = rows.setdefault(name_of(image), [])
            if len(of_name) < images:
                of_name.append(row)
        column = table.column("embedding").combine_chunks()
        flat = column.flatten().to_numpy(zero_copy_only=False)
        if not rows:
            raise LikewiseClientError(f"{path} has no embedding of any image")
        passed_over = len(table) - sum(map(len, rows.values()))
        return cls(model, rows, np.reshape(flat, (len(column), -1)), passed_over)


def _read(path: Path) -> tuple[Any, Model]:
    """Return the rows that have an embedding, and the model of the file's metadata."""
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise LikewiseClientError(
            f"{path} needs pyarrow: pip install './client[parquet]', or pyarrow by itself"
        ) from error
    try:
        table = parquet.read_table(path, columns=["path", "embedding"])
        encoding = json.loads(table.schema.metadata[_METADATA])["encoding"]
        model = Model(encoding["model"], encoding["version"], encoding["sha256"])
    except (OSError, ArrowException, LookupError, TypeError, ValueError) as error:
        raise LikewiseClientError(
            f"{path} is no file of embeddings that `python -m bulk embed` has made"
        ) from error
    return table.filter(table.column("embedding").is_valid()), model
