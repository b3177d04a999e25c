"""Arguments of the command `likewise`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from likewise_client.errors import LikewiseClientError
from likewise_client.shell.gallery_arguments import add_face, add_gallery_commands

URL = "LIKEWISE_URL"
API_KEY = "LIKEWISE_API_KEY"

_EPILOG = f"""\
Name the server by --server or {URL}, and its API key, if it needs one, by {API_KEY} or --key-file.
A key is never an argument, because other users can see those. Without a server the models run in
this process.

examples:
  likewise verify ann-1.jpg ann-2.jpg
  likewise verify --fmr 0.001 --json a.png b.png
  likewise verify ann-1.jpg --also1 ann-2.jpg ann-3.jpg
  likewise verify --cost-false-match 100 --cost-false-non-match 10 a.png b.png
  likewise embed photos/*.jpg -o vectors.npy
  likewise models faces
  likewise enrol photos
  likewise identify somebody.jpg
"""
_STATUS = "Exit status: 0 same, 1 different, 2 error, 3 unsure."


class _AnyOrder(argparse.ArgumentParser):
    """The parser of a command, whose options may stand before, between and after its operands."""

    _is_parsing = False

    def parse_known_args(  # type: ignore[override]  # argparse overloads it
        self,
        args: Sequence[str] | None = None,
        namespace: Any = None,  # noqa: ANN401 (argparse's own)
    ) -> tuple[Any, list[str]]:
        """Parse in two passes: the options first, then what is left as operands."""
        if self._is_parsing:  # Both passes come back here.
            return super().parse_known_args(args, namespace)
        self._is_parsing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_parsing = False


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    root = _root()
    commands = root.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_AnyOrder
    )
    shared, choice = _shared(), _choice()

    _add_verify(commands, [shared, choice])

    embed = commands.add_parser(
        "embed",
        parents=[shared],
        help="write the embeddings of images to a .npy file",
        description="Write the embeddings of images as one array, one row each, in their order.",
    )
    embed.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    add_face(embed)
    embed.add_argument(
        "-o", "--out", required=True, metavar="FILE", help="a .npy file, or - for standard output"
    )

    _add_compare(commands, [shared, _choice(of_gallery=True)])

    models = commands.add_parser(
        "models",
        parents=[shared],
        help="list the models, or describe one",
        description="List the models, or describe one.",
    )
    models.add_argument("name", nargs="?", metavar="NAME")
    add_gallery_commands(commands, shared)
    return root


def _count(text: str) -> int:
    """Return the number of images in a text."""
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _root() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="likewise",
        description="Do two images show the same thing?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_shared()],
    )
    root.set_defaults(server=None, key_file=None, model=None, json=False)
    root.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    return root


def _version() -> str:
    try:
        return version("likewise-client")
    except PackageNotFoundError:  # Run from its source, without being installed.
        return "unknown"


def _shared() -> _AnyOrder:
    """Return the options that stand before a command or after it.

    They have no defaults: those of a command would replace what was given before the command.
    """
    shared = _AnyOrder(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--server", metavar="URL", help=f"address of the service; default: {URL}")
    shared.add_argument("--key-file", type=Path, metavar="FILE", help="file that holds the API key")
    shared.add_argument("--model", metavar="NAME", help="a model of `likewise models`")
    shared.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON"
    )
    return shared


def _choice(*, of_gallery: bool = False) -> _AnyOrder:
    parent = _AnyOrder(add_help=False)
    choice = parent.add_mutually_exclusive_group()
    choice.add_argument(
        "--fmr", type=float, metavar="RATE", help="target false match rate, such as 0.001"
    )
    choice.add_argument(
        "--threshold", type=float, metavar="ENERGY", help="your own threshold on the energy"
    )
    if of_gallery:
        choice.add_argument(
            "--fpir",
            type=float,
            metavar="RATE",
            help="target share of probes of nobody in the gallery that match any of its rows",
        )
    return parent


def _add_compare(
    commands: argparse._SubParsersAction[_AnyOrder], parents: Sequence[_AnyOrder]
) -> None:
    compare = commands.add_parser(
        "compare",
        parents=parents,
        help="compare an embedding with many",
        description="Compare the first row of one .npy file with each row of another.",
    )
    compare.add_argument("probe", type=Path, metavar="PROBE.npy")
    compare.add_argument("gallery", type=Path, metavar="GALLERY.npy")
    compare.add_argument(
        "--sha256", metavar="HASH", help="of the graph that made the embeddings; another is refused"
    )
    compare.add_argument(
        "--probe-images", type=_count, default=1, metavar="N", help="rows of the probe; default 1"
    )
    compare.add_argument(
        "--gallery-images",
        type=_count,
        default=1,
        metavar="N",
        help="consecutive rows of the gallery that are of one thing; default 1",
    )


def _add_verify(
    commands: argparse._SubParsersAction[_AnyOrder], parents: Sequence[_AnyOrder]
) -> None:
    verify = commands.add_parser(
        "verify",
        parents=parents,
        help="decide whether two images show the same thing",
        description=f"Decide whether two images show the same thing. {_STATUS}",
    )
    verify.add_argument("image1", type=Path, metavar="IMAGE1")
    verify.add_argument("image2", type=Path, metavar="IMAGE2")
    for side in (1, 2):
        verify.add_argument(
            f"--also{side}",
            type=Path,
            action="append",
            default=[],
            metavar="IMAGE",
            help=f"another image of what IMAGE{side} shows; may be given several times",
        )
    add_face(verify)
    _add_zone(verify)


def _add_zone(verify: argparse.ArgumentParser) -> None:
    zone = verify.add_argument_group(
        "a third outcome",
        "With both costs, or with --fnmr and --fmr, the decision may be unsure.",
    )
    zone.add_argument(
        "--cost-false-match",
        type=float,
        metavar="COST",
        help="cost of calling different things the same; an unsure answer costs 1",
    )
    zone.add_argument(
        "--cost-false-non-match",
        type=float,
        metavar="COST",
        help="cost of calling the same thing different",
    )
    zone.add_argument(
        "--prior",
        type=float,
        metavar="SHARE",
        help="share of pairs of the same thing among yours; default: 0.5",
    )
    zone.add_argument(
        "--fnmr", type=float, metavar="RATE", help="target false non-match rate, with --fmr"
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
