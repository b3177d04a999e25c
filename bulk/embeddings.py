"""Parquet files of embeddings: their columns, and the bundle that made them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from app.gallery.records import Encoding
from bulk.errors import EmbeddingsError
from bulk.places import Place
from model.manifest import Metric, Precision

PATH, SHA256, EMBEDDING = "path", "sha256", "embedding"
PERCENTILE, ERROR = "domain_percentile", "error"
_METADATA = b"likewise"
"""Key of the file's metadata, whose value is JSON."""
_ROWS_AT_A_TIME = 8192

Rows = NDArray[Any]


@dataclass(frozen=True)
class Maker:
    """The bundle that made embeddings.

    Attributes:
        encoding: As in a gallery.
        precision: Of the graph that ran; None where its manifest does not say.
        false_flag_rate: Share of images like the calibration images that the domain check takes for
            others; None of a bundle without a domain check.
        bundle_sha256: SHA-256 of the bundle's own graph, which is another one where an int8 graph
            ran.
    """

    encoding: Encoding
    precision: Precision | None
    false_flag_rate: float | None
    bundle_sha256: str

    def metadata(self) -> Mapping[str, Any]:
        """Return it as JSON's values."""
        return asdict(self)

    @classmethod
    def of_metadata(cls, values: Mapping[str, Any]) -> Maker:
        """Return what `metadata` returned.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        encoding, precision = dict(values["encoding"]), values["precision"]
        encoding["metric"] = Metric(encoding["metric"])
        return cls(
            Encoding(**encoding),
            None if precision is None else Precision(precision),
            values["false_flag_rate"],
            values["bundle_sha256"],
        )


def schema(maker: Maker) -> pa.Schema:
    """Return the columns of a file of embeddings, with its metadata.

    `path` and, of each image that could be used, `sha256` of its file, `embedding`, a list of
    float32, or of uint8 for packed bits, and `domain_percentile` in per cent; else
    `error`.
    """
    number = pa.uint8() if maker.encoding.is_codes else pa.float32()
    fields = [
        pa.field(PATH, pa.string(), nullable=False),
        pa.field(SHA256, pa.string()),
        pa.field(EMBEDDING, pa.list_(number)),
        pa.field(PERCENTILE, pa.float64()),
        pa.field(ERROR, pa.string()),
    ]
    return pa.schema(fields, {_METADATA: json.dumps(maker.metadata(), sort_keys=True).encode()})


def maker_of(found: pa.Schema, address: str) -> Maker:
    """Return the bundle that made a file's embeddings.

    Raises:
        EmbeddingsError: It is no file of `python -m bulk embed`.
    """
    try:
        return Maker.of_metadata(json.loads((found.metadata or {})[_METADATA]))
    except (KeyError, TypeError, ValueError) as error:
        raise EmbeddingsError(
            f"{address} is no file of embeddings: `python -m bulk embed` makes them"
        ) from error


def count_outside(maker: Maker, percentiles: NDArray[np.float64]) -> int:
    """Return the number of images out of the bundle's domain, by percentiles in per cent.

    They are rounded to three digits, and so is the limit. NaN is in no bundle's domain check.
    """
    if maker.false_flag_rate is None:
        return 0
    limit = round(100 * (1 - maker.false_flag_rate), 3)
    return int((percentiles >= limit).sum())


@dataclass(frozen=True)
class EmbeddingsFile:
    """A file of embeddings, open.

    Attributes:
        address: The file.
        maker: The bundle that made it.
        rows: Number of rows, those with errors among them.
    """

    address: str
    maker: Maker
    rows: int
    _opened: parquet.ParquetFile

    def columns(self, *names: str) -> Iterator[pa.RecordBatch]:
        """Yield some columns of the rows that have embeddings, part by part."""
        wanted = [*names, *({EMBEDDING} - set(names))]
        for batch in self._opened.iter_batches(_ROWS_AT_A_TIME, columns=wanted):
            yield batch.filter(batch.column(EMBEDDING).is_valid()).select(list(names))

    def matrix(self, batch: pa.RecordBatch) -> Rows:
        """Return the embeddings of a part, (n, dim)."""
        column = batch.column(EMBEDDING)
        flat: Rows = column.flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(-1, self.maker.encoding.dim)

    def all(self) -> tuple[list[str], Rows, NDArray[np.float64]]:
        """Return paths, embeddings, (n, dim), and percentiles, (n,), NaN where there are none."""
        paths: list[str] = []
        parts: list[Rows] = []
        percentiles: list[NDArray[np.float64]] = []
        for batch in self.columns(PATH, EMBEDDING, PERCENTILE):
            paths += batch.column(PATH).to_pylist()
            parts.append(self.matrix(batch))
            percentiles.append(batch.column(PERCENTILE).to_numpy(zero_copy_only=False))
        if not paths:
            raise EmbeddingsError(f"{self.address} has no embeddings")
        return paths, np.concatenate(parts), np.concatenate(percentiles).astype(np.float64)


@contextmanager
def open_embeddings(address: str) -> Iterator[EmbeddingsFile]:
    """Open a file of embeddings.

    Raises:
        EmbeddingsError: It cannot be read, or is none.
    """
    try:
        with Place(address).open() as file:
            opened = parquet.ParquetFile(file)
            maker = maker_of(opened.schema_arrow, address)
            if not opened.schema_arrow.equals(schema(maker)):
                raise EmbeddingsError(f"{address} has other columns than a file of embeddings")
            yield EmbeddingsFile(address, maker, opened.metadata.num_rows, opened)
    except (OSError, pa.ArrowException) as error:
        raise EmbeddingsError(f"{address} cannot be read: {error}") from error
