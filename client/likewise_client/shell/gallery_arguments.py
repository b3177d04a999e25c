"""Arguments of the commands of the galleries."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

GALLERY = "people"
_STATUS = "Exit status: 0 somebody, 1 nobody, 2 error, 3 nothing was measured for this gallery."


def add_gallery_commands(
    commands: argparse._SubParsersAction[Any], shared: argparse.ArgumentParser
) -> None:
    """Add the commands `enrol`, `identify`, `erase`, `export` and `gallery`."""
    parents = [shared, _of_gallery()]
    enrol = commands.add_parser(
        "enrol",
        parents=parents,
        help="enrol the people or things of a folder, or of a file of embeddings, in a gallery",
        description="Enrol the identities of a folder: a folder of images for each, or an image "
        "for each. Or those of a file that `python -m bulk embed` has made. An identity that is "
        "there is replaced. No image is kept.",
    )
    _add_source(enrol)
    add_face(enrol)
    _add_identify(commands, parents)
    erase = commands.add_parser(
        "erase", parents=parents, help="erase identities from a gallery", description="Erase them."
    )
    erase.add_argument("names", nargs="+", metavar="NAME")
    export = commands.add_parser(
        "export",
        parents=parents,
        help="write a gallery's identities with their templates to a file",
        description="Write one JSON object a line. Templates need a key with the scope write.",
    )
    export.add_argument("-o", "--out", required=True, metavar="FILE.jsonl")
    _add_gallery(commands, parents)


def add_face(command: argparse.ArgumentParser) -> None:
    """Add the choice of one of several located things."""
    command.add_argument(
        "--face",
        choices=["largest", "central"],
        help="which one, where a model with a locator finds several things in an image",
    )


def _of_gallery() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--gallery", default=GALLERY, metavar="NAME", help=f"the gallery; default: {GALLERY}"
    )
    return parent


def _add_source(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    parser.add_argument("source", type=Path, nargs=nargs, metavar="FOLDER|PARQUET")
    parser.add_argument(
        "--names",
        choices=("folder", "file"),
        help="of a PARQUET, an identity's name: that of an image's folder, or that of its file; "
        "default: folder",
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
    parser.add_argument(
        "--parallel",
        type=int,
        choices=range(1, 65),
        default=4,
        metavar="N",
        help="requests at a time; default 4",
    )


def _add_identify(
    commands: argparse._SubParsersAction[Any], parents: Sequence[argparse.ArgumentParser]
) -> None:
    identify = commands.add_parser(
        "identify",
        parents=parents,
        help="find who in a gallery an image shows",
        description=f"Find who in a gallery an image shows. {_STATUS}",
    )
    identify.add_argument("image", type=Path, metavar="IMAGE")
    add_face(identify)
    identify.add_argument(
        "--top", type=int, metavar="N", help="candidates at most, 1 to 100; default 10"
    )
    choice = identify.add_mutually_exclusive_group()
    choice.add_argument(
        "--fpir",
        type=float,
        metavar="RATE",
        help="target share of probes of nobody in the gallery that get a candidate",
    )
    choice.add_argument(
        "--threshold", type=float, metavar="ENERGY", help="your own threshold on the energy"
    )


def _add_gallery(
    commands: argparse._SubParsersAction[Any], parents: Sequence[argparse.ArgumentParser]
) -> None:
    gallery = commands.add_parser(
        "gallery",
        parents=parents,
        help="list, erase or enrol again whole galleries",
        description="List the galleries, erase one with all identities, or enrol a source beside "
        "one, of the model as it is now: once all is enrolled the two are exchanged and the old "
        "one is erased. No search is lost meanwhile.",
    )
    gallery.add_argument("action", choices=("list", "erase", "re-enrol"), metavar="ACTION")
    _add_source(gallery, nargs="?")
    add_face(gallery)
    gallery.add_argument(
        "--without-missing",
        action="store_true",
        help="leave out identities of the gallery that are not in the folder or file",
    )
