"""One worker of a job, as the engine starts it. Imports Daft."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import daft
from pyarrow import parquet

from bulk.encoding import Encoder, Recipe
from bulk.jobs.job import Job
from bulk.jobs.plan import read_shard
from bulk.sources.reading import read_items

_EVERY_S = 0.1


def _end_with(parent: int) -> None:
    """End this process once its parent has ended, so that it does not work beside the next run."""
    while os.getppid() == parent:
        time.sleep(_EVERY_S)
    os._exit(1)


class ShardWorker:
    """A process with a bundle. It writes the parts itself; the engine gets their sizes alone."""

    def __init__(self, job: Job, recipe: Recipe, parent: int | None) -> None:
        """Load the bundle.

        Args:
            job: The job.
            recipe: Its choices.
            parent: The process that this one ends with; None on a cluster, which sees to it itself.
        """
        if parent is not None:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        self._job, self._recipe = job, recipe
        self._encoder = Encoder(recipe)

    @daft.method.batch(return_dtype=daft.DataType.int64(), batch_size=1)
    def make(self, shards: Any) -> list[int]:  # noqa: ANN401 (a series of the engine)
        """Encode shards, write their parts, and return the number of images of each."""
        return [self._make(shard) for shard in shards.to_pylist()]

    def _make(self, shard: int) -> int:
        items = read_shard(self._job.plan, shard)
        table = self._encoder.table(read_items(items, self._recipe.max_bytes))
        with self._job.part(shard).writing() as file:
            parquet.write_table(table, file)
        return int(table.num_rows)
