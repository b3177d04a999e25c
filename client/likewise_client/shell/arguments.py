"""Arguments of the command `likewise`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
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
    root = argparse.ArgumentParser(
        prog="likewise",
        description="Do two images show the same thing?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = [_shared()]
    for name, (summary, description, add_arguments) in _COMMANDS.items():
        command = commands.add_parser(name, parents=shared, help=summary, description=description)
        add_arguments(command)
    return root


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image1", type=Path, metavar="IMAGE1")
    parser.add_argument("image2", type=Path, metavar="IMAGE2")
    _add_choices(parser)


def _add_embed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    parser.add_argument(
        "-o", "--out", required=True, metavar="FILE", help="a .npy file, or - for standard output"
    )


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("probe", type=Path, metavar="PROBE.npy")
    parser.add_argument("gallery", type=Path, metavar="GALLERY.npy")
    _add_choices(parser)


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME")


_COMMANDS: Mapping[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "verify": (
        "decide whether two images show the same thing",
        f"Decide whether two images show the same thing. {_STATUS}",
        _add_verify,
    ),
    "embed": (
        "write the embeddings of images to a .npy file",
        "Write the embeddings of images as one array, one row each, in their order.",
        _add_embed,
    ),
    "compare": (
        "compare an embedding with many",
        "Compare the first row of one .npy file with each row of another.",
        _add_compare,
    ),
    "models": (
        "list the models, or describe one",
        "List the models, or describe one.",
        _add_models,
    ),
}
"""Summary, description and arguments of each command."""


def _shared() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--server", metavar="URL", help=f"address of the service; default: {URL}")
    shared.add_argument("--key-file", type=Path, metavar="FILE", help="file that holds the API key")
    shared.add_argument("--model", metavar="NAME", help="a model of `likewise models`")
    shared.add_argument("--json", action="store_true", help="print the answer as JSON")
    return shared


def _add_choices(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--fmr", type=float, metavar="RATE", help="target false match rate, such as 0.001"
    )
    choice.add_argument(
        "--threshold", type=float, metavar="ENERGY", help="your own threshold on the energy"
    )


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
