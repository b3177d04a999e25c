"""Command line of the bulk commands."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence

from bulk.errors import BulkError
from model.errors import LikewiseError

_NEEDED = ("daft", "faiss", "pyarrow")
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run a command line.

    Returns:
        The exit status: 0, 1 if it failed, 2 for wrong arguments, 130 if it was interrupted.
    """
    try:
        _check_extra()
        given = parser().parse_args(arguments)
        status: int = given.run(given)
    except LikewiseError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command goes on from here\n")
        return _INTERRUPTED
    return status


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; needs the extra."""
    from bulk.commands import embed, enrol, pairs  # noqa: PLC0415 (they import the extra)

    whole = argparse.ArgumentParser(prog="python -m bulk", description="Bulk work on images.")
    parsers = whole.add_subparsers(dest="command", required=True)
    for command in (embed, pairs, enrol):
        command.add(parsers).set_defaults(run=command.run)
    return whole


def _check_extra() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise BulkError(f"{', '.join(missing)} is not installed: pip install 'likewise[bulk]'")
