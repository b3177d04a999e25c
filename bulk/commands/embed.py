"""`python -m bulk embed`: embed many images to a parquet file, and go on where it was ended."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from app.encoders.cpu_budget import usable_cores
from app.settings import WantedPrecision
from bulk.embeddings import Maker
from bulk.encoding import Encoder, Recipe, bundle_folder
from bulk.engine.shards import Cluster, run_shards
from bulk.jobs.job import Job, Order, finish, folder_of, is_done, locked, open_job
from bulk.places import Place
from bulk.progress import Progress
from model.locating.locator import Pick

_ROWS = 512
_MAX_ROWS = 65_536


def add(commands: argparse._SubParsersAction[Any]) -> argparse.ArgumentParser:
    """Add the command, and return the parser of its arguments."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "embed",
        help="embed the images of folders, archives or parquet files",
        description="Embed images. An image that cannot be used is a row with its error. When it "
        "is ended, the same command goes on where it was.",
    )
    parser.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="a folder, a pattern as 'photos/**/*.jpg', a .zip, .tar or .parquet, or s3://…",
    )
    parser.add_argument("--model", required=True, metavar="BUNDLE", help="its name, or its folder")
    parser.add_argument("--to", required=True, metavar="OUT.parquet")
    parser.add_argument(
        "--precision",
        choices=("fp32", "int8"),
        default="fp32",
        help="the graph that runs; int8 takes about half the time, and its embeddings cannot be "
        "compared with those of fp32; default fp32",
    )
    parser.add_argument(
        "--face",
        choices=("largest", "central"),
        help="by a bundle with a locator, which of several things is embedded; without it an image "
        "that shows several is a row with an error",
    )
    _add_running(parser)
    return parser


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--column", metavar="NAME", help="the column of parquet files that holds the images"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes that encode; default: usable cores"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="run on a Ray cluster, whose machines see the same files, as `auto` or "
        "ray://HOST:10001",
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=_ROWS,
        metavar="N",
        help=f"images of a shard, which is lost if the command is killed; default {_ROWS}",
    )


def run(given: argparse.Namespace) -> int:
    """Embed, and print what was done.

    Raises:
        LikewiseError: The bundle, the source, the output or the engine cannot be used.
    """
    recipe = Recipe(
        str(bundle_folder(given.model)),
        WantedPrecision(given.precision),
        Pick.ONLY if given.face is None else Pick(given.face),
    )
    rows = min(max(1, given.rows), _MAX_ROWS)
    order = Order(tuple(given.source), recipe, Place(given.to), given.column, rows)
    maker = Encoder(recipe).maker
    with locked(folder_of(order.to)):
        if folder_of(order.to).child("job.json").kind() == "none" and is_done(order, maker):
            folder_of(order.to).remove_folder()
            sys.stdout.write(f"{given.to} is done already\n")
            return 0
        with Progress("images listed") as listing:
            job = open_job(order, maker, listing)
        _make_missing(job, order, Cluster(given.workers or usable_cores(), given.ray))
        _finish(job, maker, order)
    return 0


def _make_missing(job: Job, order: Order, cluster: Cluster) -> None:
    missing = job.missing()
    done = job.rows_done(missing, order.rows)
    if done:
        sys.stderr.write(f"{done:,} of {job.planned.images:,} images are done already\n")
    with Progress("images", job.planned.images, done) as progress:
        for images in run_shards(job, order.recipe, missing, cluster) if missing else ():
            progress.advance(images)
    sys.stderr.write(f"{progress.line()}\n")


def _finish(job: Job, maker: Maker, order: Order) -> None:
    found = finish(job, maker, order.to)
    sys.stdout.write(f"{found.images:,} rows are in {order.to.address}\n")
    if found.errors:
        sys.stdout.write(f"{found.errors:,} of them have an error in place of an embedding\n")
    if found.outside:
        sys.stdout.write(
            f"{found.outside:,} are unlike the images that {maker.encoding.model} was measured "
            "on: its error rates do not hold for them\n"
        )
