"""A job beside its output: what it was asked for, its plan, and the parts that are done."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from bulk.embeddings import ERROR, PERCENTILE, Maker, count_outside, maker_of, schema
from bulk.encoding import Recipe
from bulk.errors import EmbeddingsError, JobError
from bulk.jobs.plan import Planned, write_plan
from bulk.places import Place
from bulk.progress import Progress
from bulk.sources.listing import Skipped, list_items

_FORMAT = 1
_PART = re.compile(r"part-(\d{9})\.parquet")


@dataclass(frozen=True)
class Order:
    """Orders of a user: what to embed, by which bundle, to where.

    Attributes:
        sources: Folders, files, patterns or addresses.
        recipe: The choices that embeddings depend on.
        to: The output.
        column: Column of parquet files that holds images; None for the only one of bytes.
        rows: Images of a shard.
    """

    sources: tuple[str, ...]
    recipe: Recipe
    to: Place
    column: str | None = None
    rows: int = 512

    def key(self, maker: Maker) -> Mapping[str, Any]:
        """Return what an earlier run has to agree in, to be gone on with."""
        chosen = asdict(self.recipe)
        del chosen["bundle"]  # Its hashes count, not its folder.
        sources = list(self.sources)
        return {
            "format": _FORMAT,
            "sources": sources,
            "column": self.column,
            "rows": self.rows,
            "recipe": chosen,
            "maker": maker.metadata(),
        }


@dataclass(frozen=True)
class Job:
    """A job whose plan is made.

    Attributes:
        folder: Where its plan and its parts are.
        planned: Sizes of the plan.
    """

    folder: Place
    planned: Planned

    @property
    def plan(self) -> Place:
        """The file of its images."""
        return self.folder.child("plan.parquet")

    def part(self, shard: int) -> Place:
        """Return the file that a shard makes."""
        return self.folder.child(f"part-{shard:09d}.parquet")

    def missing(self) -> list[int]:
        """Return the shards that have no part yet."""
        done = {
            int(found[1])
            for entry in self.folder.entries()
            if (found := _PART.fullmatch(entry.name))
        }
        return [shard for shard in range(self.planned.shards) if shard not in done]

    def rows_done(self, missing: Sequence[int], rows: int) -> int:
        """Return the number of images whose shards are done."""
        last = self.planned.shards - 1
        short = rows * self.planned.shards - self.planned.images
        waiting = sum(rows - (short if shard == last else 0) for shard in missing)
        return self.planned.images - waiting


@contextmanager
def locked(folder: Place) -> Iterator[None]:
    """Make the folder of a job, and hold it for this process alone; a store has no such lock.

    Raises:
        JobError: Another process works on it.
    """
    folder.make_folder()
    if not folder.is_local:
        yield
        return
    with (folder.path / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JobError(f"another process works on {folder.address}") from error
        yield


def folder_of(to: Place) -> Place:
    """Return the folder of the job of an output."""
    return to.sibling(".parts")


def open_job(order: Order, maker: Maker, progress: Progress) -> Job:
    """Go on with the job that stands beside the output, or make its plan.

    Raises:
        JobError: Another job stands there, or there are no images.
        SourceError: The images cannot be listed.
    """
    folder = folder_of(order.to)
    known, key = folder.child("job.json"), order.key(maker)
    if known.kind() == "file":
        found = json.loads(known.read())
        if found["key"] != key:
            raise JobError(
                f"{folder.address} holds another job, {_difference(found['key'], key)}: finish it "
                "with the arguments that it was begun with, or remove the folder"
            )
        return Job(folder, Planned(**found["planned"]))
    skipped = Skipped()
    items = list_items(order.sources, order.column, skipped)
    planned = write_plan(folder.child("plan.parquet"), items, order.rows, progress)
    if not planned.images:
        listed = ", ".join(order.sources)
        raise JobError(f"there are no images in {listed} ({skipped.files:,} other files)")
    known.write(json.dumps({"key": key, "planned": asdict(planned)}, indent=1).encode())
    return Job(folder, planned)


def _difference(found: Mapping[str, Any], key: Mapping[str, Any]) -> str:
    differing = [name for name in key if found.get(name) != key[name]]
    return f"with other {' and '.join(differing)}"


def is_done(order: Order, maker: Maker) -> bool:
    """Return whether the output is there, made by the same bundle.

    Raises:
        JobError: Another file is there.
    """
    if order.to.kind() == "none":
        return False
    try:
        with order.to.open() as file:
            found = maker_of(parquet.read_schema(file), order.to.address)
    except (OSError, pa.ArrowException, EmbeddingsError) as error:
        raise JobError(f"{order.to.address} is there already, and is another file") from error
    if found != maker:
        raise JobError(
            f"{order.to.address} is there already, with embeddings of another bundle: name another "
            "output, or remove it"
        )
    return True


@dataclass(frozen=True)
class Finished:
    """Counts of a job that is done."""

    images: int
    errors: int
    outside: int


def finish(job: Job, maker: Maker, to: Place) -> Finished:
    """Put the parts together, in order, as the output, and remove the folder of the job.

    Raises:
        JobError: A part is not of this job.
    """
    made, images, errors, outside = schema(maker), 0, 0, 0
    with to.writing() as file, parquet.ParquetWriter(file, made) as writer:
        for shard in range(job.planned.shards):
            with job.part(shard).open() as part:
                table = parquet.ParquetFile(part).read()
            if not table.schema.equals(made):
                raise JobError(f"{job.part(shard).address} is of another job")
            writer.write_table(table)
            images += table.num_rows
            errors += table.num_rows - table.column(ERROR).null_count
            percentiles = table.column(PERCENTILE).drop_null().to_numpy()
            outside += count_outside(maker, percentiles)
    job.folder.remove_folder()
    return Finished(images, errors, outside)
