"""`python -m bulk enrol`: load embeddings into a gallery's store, without the service."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from app.gallery.galleries import needing_extra
from app.gallery.names import check_gallery_name
from app.settings import read_settings
from app.templates import rule_of
from bulk.embeddings import open_embeddings
from bulk.encoding import manifest_of
from bulk.enrolment.identities import Identities, by_file, by_folder, enrolments, group, load
from bulk.errors import BulkError
from bulk.progress import Progress

_TIMEOUT_S = 60.0
_NAMES = {"folder": by_folder, "file": by_file}
_SHOWN = 3


def add(commands: argparse._SubParsersAction[Any]) -> argparse.ArgumentParser:
    """Add the command, and return the parser of its arguments."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "enrol",
        help="load embeddings into a gallery",
        description="Load the embeddings of a file into a gallery, by the address of its store. "
        "An identity that is there is replaced.",
    )
    parser.add_argument("embeddings", metavar="EMBEDDINGS.parquet")
    parser.add_argument("--gallery", required=True, metavar="NAME")
    parser.add_argument(
        "--store", metavar="URL", help="the gallery's store; default: LIKEWISE_GALLERY_URL"
    )
    parser.add_argument(
        "--names",
        choices=_NAMES,
        default="folder",
        help="an identity's name: that of an image's folder, or that of its file; default: folder",
    )
    parser.add_argument(
        "--images",
        type=int,
        choices=range(1, 33),
        default=1,
        metavar="N",
        help="images of an identity at most, 1 to 32; with more than one more are found, and a "
        "search has no error rates; default 1",
    )
    parser.add_argument("--model", metavar="BUNDLE", help="its folder, if it is not a shipped one")
    return parser


def run(given: argparse.Namespace) -> int:
    """Load, and print what was stored.

    Returns:
        0, or 1 where some identities could not be enrolled.

    Raises:
        LikewiseError: The file or the store cannot be used, or the gallery is of another bundle.
    """
    url, gallery = given.store or read_settings().gallery_url, check_gallery_name(given.gallery)
    if url is None:
        raise BulkError("name the gallery's store by --store or LIKEWISE_GALLERY_URL")
    with open_embeddings(given.embeddings) as file:
        maker = file.maker
        paths, embeddings, _ = file.all()
    rule = None
    if given.images > 1:
        rule = rule_of(manifest_of(given.model or maker.encoding.model, maker))
    found = group(paths, _NAMES[given.names], given.images)
    with needing_extra():
        from app.gallery.sql.opening import open_store  # noqa: PLC0415 (the extra may not be there)
    store = open_store(url, _TIMEOUT_S, 1)
    try:
        store.check()
        with Progress("identities", len(found.rows)) as progress:
            parts = enrolments(found, embeddings, rule)
            new = load(store, gallery, maker.encoding, parts, progress.advance)
    finally:
        store.close()
    done = f"{len(found.rows):,} identities are enrolled in {gallery}, {new:,} of them new"
    sys.stdout.write(f"{done}\n")
    return _report(found)


def _report(found: Identities) -> int:
    if found.further:
        sys.stdout.write(f"{found.further:,} further images of them are left out (--images)\n")
    for name, reason in list(found.refused.items())[:_SHOWN]:
        sys.stderr.write(f"{name!r} is not enrolled: {reason}\n")
    if len(found.refused) > _SHOWN:
        sys.stderr.write(f"nor are {len(found.refused) - _SHOWN:,} more names\n")
    return 1 if found.refused else 0
