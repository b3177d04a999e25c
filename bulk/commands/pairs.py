"""`python -m bulk pairs`: all pairs of images under a threshold, and their groups."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from bulk.embeddings import EmbeddingsFile, Maker, count_outside, open_embeddings
from bulk.encoding import manifest_of
from bulk.errors import PairsError
from bulk.pairs.expected import expect, in_words
from bulk.pairs.groups import connected
from bulk.pairs.page import Shown, render, thumbnail_of
from bulk.pairs.search import Pairs, Rows, check_count, exact_pairs, ivf_pairs
from bulk.places import Place
from bulk.progress import Progress
from model.manifest import Metric

_MOST = 10_000_000
_EXACT_ROWS = 500_000


def add(commands: argparse._SubParsersAction[Any]) -> argparse.ArgumentParser:
    """Add the command, and return the parser of its arguments."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "pairs",
        help="find the images that show the same thing",
        description="Find all pairs of images under a threshold, and the groups that they make, "
        "and state how many false pairs to expect.",
    )
    parser.add_argument("embeddings", metavar="EMBEDDINGS.parquet")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--target-fmr",
        type=float,
        metavar="RATE",
        help="share of pairs of different things that may be under the threshold; default: that of "
        "the bundle",
    )
    choice.add_argument("--threshold", type=float, metavar="ENERGY", help="a threshold of your own")
    parser.add_argument(
        "--to", metavar="PAIRS.parquet", help="write all pairs: path1, path2, energy"
    )
    parser.add_argument("--html", metavar="GROUPS.html", help="write the groups with thumbnails")
    parser.add_argument("--model", metavar="BUNDLE", help="its folder, if it is not a shipped one")
    parser.add_argument(
        "--search",
        choices=("auto", "exact", "ivf"),
        default="auto",
        help=f"exact, or by clusters, which find nearly all pairs of L2 embeddings; auto: exact up "
        f"to {_EXACT_ROWS:,} rows",
    )
    parser.add_argument(
        "--most", type=int, default=_MOST, metavar="N", help=f"pairs at most; default {_MOST:,}"
    )
    return parser


def run(given: argparse.Namespace) -> int:
    """Search, and print what was found.

    Raises:
        LikewiseError: The file, the bundle or the threshold cannot be used, or there are too many
            pairs.
    """
    with open_embeddings(given.embeddings) as file:
        maker = file.maker
        manifest = manifest_of(given.model or maker.encoding.model, maker)
        paths, rows, percentiles = file.all()
        notes = [_counted(file, len(paths))]
    metric = maker.encoding.metric
    expected = expect(manifest, len(rows), threshold=given.threshold, fmr=given.target_fmr)
    check_count(metric, rows, expected.choice.threshold, given.most)
    pairs = _search(given.search, metric, rows, expected.choice.threshold, given.most)
    groups = connected(pairs)
    members = sum(len(group.rows) for group in groups)
    found = f"{len(pairs.left):,} pairs, which make {len(groups):,} groups of {members:,} images"
    notes.append(f"threshold {expected.choice.threshold:.4g} on the energy: {found}")
    notes.append(in_words(expected))
    if pairs.recall < 1:
        notes.append(f"the search by clusters finds {pairs.recall:.1%} of the pairs")
    notes += _outside(maker, percentiles)
    for note in notes:
        sys.stdout.write(f"{note}\n")
    if given.to:
        _write(Place(given.to), paths, pairs)
    if given.html:
        text = render(notes, groups, paths, thumbnail_of, Shown())
        Place(given.html).write(text.encode())
    return 0


def _counted(file: EmbeddingsFile, known: int) -> str:
    errors = file.rows - known
    return f"{known:,} embeddings" + (f"; {errors:,} rows have an error in place" if errors else "")


def _search(how: str, metric: Metric, rows: Rows, threshold: float, most: int) -> Pairs:
    if how == "ivf" and metric is not Metric.L2:
        raise PairsError(f"a search by clusters takes embeddings of the metric l2, not {metric}")
    is_large = len(rows) > _EXACT_ROWS and metric is Metric.L2
    with Progress("rows searched", len(rows)) as progress:
        if how == "ivf" or (how == "auto" and is_large):
            return ivf_pairs(rows, threshold, most, progress.advance)
        return exact_pairs(metric, rows, threshold, most, progress.advance)


def _outside(maker: Maker, percentiles: NDArray[np.float64]) -> list[str]:
    out = count_outside(maker, percentiles)
    if not out:
        return []
    unlike = f"{out:,} images are unlike those that the bundle was measured on"
    return [f"{unlike}: the expected number does not hold for them"]


def _write(to: Place, paths: Sequence[str], pairs: Pairs) -> None:
    schema = pa.schema([("path1", pa.string()), ("path2", pa.string()), ("energy", pa.float32())])
    with to.writing() as file, parquet.ParquetWriter(file, schema) as writer:
        for start in range(0, len(pairs.left), 65_536):
            part = slice(start, start + 65_536)
            columns = [
                [paths[row] for row in pairs.left[part].tolist()],
                [paths[row] for row in pairs.right[part].tolist()],
                pairs.energies[part],
            ]
            writer.write_table(pa.table(columns, schema=schema))
