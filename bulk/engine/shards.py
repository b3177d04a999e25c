"""Run of the shards of a job on an engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bulk.encoding import Recipe
from bulk.errors import EngineError
from bulk.jobs.job import Job

_QUIET = {"DAFT_ANALYTICS_ENABLED": "0", "DAFT_PROGRESS_BAR": "0", "RAY_USAGE_STATS_ENABLED": "0"}
"""Variables by which the engines send nothing home, and draw no progress of their own."""


@dataclass(frozen=True)
class Cluster:
    """Workers of a job.

    Attributes:
        workers: Processes that encode, each with one thread.
        ray: Address of a Ray cluster, which has to see the same files; None for this machine.
    """

    workers: int
    ray: str | None = None


def run_shards(job: Job, recipe: Recipe, shards: Sequence[int], cluster: Cluster) -> Iterator[int]:
    """Encode shards on all workers, and yield the number of images of each that is done.

    Raises:
        EngineError: A worker failed, for another reason than an image; the shards that are done
            stay.
    """
    os.environ.update(_QUIET)
    import daft  # noqa: PLC0415 (it reads the variables when it is imported)

    from bulk.engine.shard_worker import ShardWorker  # noqa: PLC0415 (as above)

    on_ray = cluster.ray is not None
    try:
        if on_ray:
            daft.set_runner_ray(cluster.ray)
        else:
            daft.set_runner_native()
        # A process each: threads of one would wait for each other's Python.
        worker = daft.cls(max_concurrency=cluster.workers, use_process=not on_ray)(ShardWorker)
        frame = daft.from_pydict({"shard": list(shards)})
        if on_ray:
            frame = frame.into_partitions(len(shards))
        parent = None if on_ray else os.getpid()
        images = worker(job, recipe, parent).make(daft.col("shard")).alias("images")
        for row in frame.select(images).iter_rows():
            yield int(row["images"])
    except Exception as error:  # Whatever a worker raised, or the engine itself.
        reason = str(error.__cause__ or error).strip().rpartition("\n")[2]  # Of a traceback's text.
        raise EngineError(
            f"the engine ended early, and goes on when the command is run again: {reason}"
        ) from error
