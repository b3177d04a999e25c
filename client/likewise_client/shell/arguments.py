"""What the command `likewise` takes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from likewise_client.errors import LikewiseClientError

URL = "LIKEWISE_URL"
API_KEY = "LIKEWISE_API_KEY"

_EPILOG = f"""\
A server is named by --server or {URL}; its API key, if it asks for one, by {API_KEY} or --key-file,
never as an argument, which others can see. Without a server the models answer in this process.

examples:
  likewise verify ann-1.jpg ann-2.jpg
  likewise verify --fmr 0.001 --json a.png b.png
  likewise embed photos/*.jpg -o vectors.npy
  likewise models faces
"""
_STATUS = "Exit status: 0 same, 1 different, 2 trouble."


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    everywhere = _everywhere()
    whole = argparse.ArgumentParser(
        prog="likewise",
        description="Do two images show the same thing?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    nouns = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    verify = nouns.add_parser(
        "verify",
        parents=[everywhere],
        help="tell whether two images show the same thing",
        description=f"Tell whether two images show the same thing. {_STATUS}",
    )
    verify.add_argument("image1", type=Path, metavar="IMAGE1")
    verify.add_argument("image2", type=Path, metavar="IMAGE2")
    _add_choices(verify)

    embed = nouns.add_parser(
        "embed",
        parents=[everywhere],
        help="write the embeddings of images to a .npy file",
        description="Write the embeddings of images as one array, a row for each, in their order.",
    )
    embed.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    embed.add_argument(
        "-o", "--out", required=True, metavar="FILE", help="a .npy file, or - for standard output"
    )

    compare = nouns.add_parser(
        "compare",
        parents=[everywhere],
        help="compare an embedding with many",
        description="Compare the first row of one .npy file with each row of another.",
    )
    compare.add_argument("probe", type=Path, metavar="PROBE.npy")
    compare.add_argument("gallery", type=Path, metavar="GALLERY.npy")
    _add_choices(compare)

    models = nouns.add_parser(
        "models",
        parents=[everywhere],
        help="list the models, or tell all about one",
        description="List the models, or tell all about one.",
    )
    models.add_argument("name", nargs="?", metavar="NAME")
    return whole


def _everywhere() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--server", metavar="URL", help=f"of the service; otherwise {URL}")
    shared.add_argument("--key-file", type=Path, metavar="FILE", help="holds the API key")
    shared.add_argument("--model", metavar="NAME", help="one of `likewise models`")
    shared.add_argument("--json", action="store_true", help="the answer as JSON")
    return shared


def _add_choices(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--fmr", type=float, metavar="RATE", help="target false match rate, such as 0.001"
    )
    either.add_argument(
        "--threshold", type=float, metavar="ENERGY", help="your own threshold on the energy"
    )


def server_of(given: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> str | None:
    """The server that is asked; None for none."""
    return given.server or environment.get(URL) or None


def key_of(given: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> str | None:
    """The API key that is sent; None for none.

    Raises:
        LikewiseClientError: The file cannot be read, or is empty.
    """
    if given.key_file is None:
        return environment.get(API_KEY) or None
    try:
        key = given.key_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise LikewiseClientError(f"{given.key_file}: {error}") from error
    if not key:
        raise LikewiseClientError(f"{given.key_file} holds no key")
    return str(key)
