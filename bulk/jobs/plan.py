"""The plan of a job: its images in shards, as one row group each of a parquet file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
from pyarrow import parquet

from bulk.places import Place
from bulk.progress import Progress
from bulk.sources.item import Item, Kind

_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string()),
        pa.field("file", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("member", pa.string()),
        pa.field("start", pa.int64()),
        pa.field("size", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Planned:
    """Sizes of a plan."""

    images: int
    shards: int


def write_plan(place: Place, items: Iterable[Item], rows: int, progress: Progress) -> Planned:
    """Write the images of a source in shards, one after the other; few are in memory at a time.

    Args:
        place: The file.
        items: The images.
        rows: Images of a shard.
        progress: Counts the images.
    """
    remaining, images, shards = iter(items), 0, 0
    with place.writing() as file, parquet.ParquetWriter(file, _SCHEMA) as writer:
        while part := list(islice(remaining, rows)):
            columns = {name: [getattr(item, name) for item in part] for name in _SCHEMA.names}
            writer.write_table(pa.table(columns, schema=_SCHEMA), row_group_size=rows)
            images, shards = images + len(part), shards + 1
            progress.advance(len(part))
    return Planned(images, shards)


def read_shard(place: Place, shard: int) -> list[Item]:
    """Return the images of one shard.

    Raises:
        OSError: The plan cannot be read.
    """
    with place.open() as file:
        table = parquet.ParquetFile(file).read_row_group(shard)
    return [Item(**{**row, "kind": Kind(row["kind"])}) for row in table.to_pylist()]
