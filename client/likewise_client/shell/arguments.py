"""Arguments of the command `likewise`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from likewise_client.errors import LikewiseClientError

URL = "LIKEWISE_URL"
API_KEY = "LIKEWISE_API_KEY"

_EPILOG = f"""\
Name the server by --server or {URL}, and its API key, if it needs one, by {API_KEY} or --key-file.
A key is never an argument, because other users can see those. Without a server the models run in
this process.

examples:
  likewise verify ann-1.jpg ann-2.jpg
  likewise verify --fmr 0.001 --json a.png b.png
  likewise embed photos/*.jpg -o vectors.npy
  likewise models faces
"""
_STATUS = "Exit status: 0 same, 1 different, 2 error."


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    root = _root()
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared, choice = _shared(), _choice()

    verify = commands.add_parser(
        "verify",
        parents=[shared, choice],
        help="decide whether two images show the same thing",
        description=f"Decide whether two images show the same thing. {_STATUS}",
    )
    verify.add_argument("image1", type=Path, metavar="IMAGE1")
    verify.add_argument("image2", type=Path, metavar="IMAGE2")

    embed = commands.add_parser(
        "embed",
        parents=[shared],
        help="write the embeddings of images to a .npy file",
        description="Write the embeddings of images as one array, one row each, in their order.",
    )
    embed.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    embed.add_argument(
        "-o", "--out", required=True, metavar="FILE", help="a .npy file, or - for standard output"
    )

    compare = commands.add_parser(
        "compare",
        parents=[shared, choice],
        help="compare an embedding with many",
        description="Compare the first row of one .npy file with each row of another.",
    )
    compare.add_argument("probe", type=Path, metavar="PROBE.npy")
    compare.add_argument("gallery", type=Path, metavar="GALLERY.npy")

    models = commands.add_parser(
        "models",
        parents=[shared],
        help="list the models, or describe one",
        description="List the models, or describe one.",
    )
    models.add_argument("name", nargs="?", metavar="NAME")
    return root


def _root() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="likewise",
        description="Do two images show the same thing?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _shared() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--server", metavar="URL", help=f"address of the service; default: {URL}")
    shared.add_argument("--key-file", type=Path, metavar="FILE", help="file that holds the API key")
    shared.add_argument("--model", metavar="NAME", help="a model of `likewise models`")
    shared.add_argument("--json", action="store_true", help="print the answer as JSON")
    return shared


def _choice() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    choice = parent.add_mutually_exclusive_group()
    choice.add_argument(
        "--fmr", type=float, metavar="RATE", help="target false match rate, such as 0.001"
    )
    choice.add_argument(
        "--threshold", type=float, metavar="ENERGY", help="your own threshold on the energy"
    )
    return parent


def server_of(given: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of the server, or None."""
    return given.server or environment.get(URL) or None


def key_of(given: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the API key, or None.

    Raises:
        LikewiseClientError: The key file cannot be read, or is empty.
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
