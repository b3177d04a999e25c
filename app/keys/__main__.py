"""`python -m app.keys NAME [--scopes read,write,erase] >> keys.txt`: make a key.

The key's line for the keys file goes to stdout, the key itself to stderr, once.
"""

import argparse
import sys
from collections.abc import Sequence

from app.errors import KeysError
from app.keys.entries import make_key
from app.keys.scopes import parse_scopes


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a key and print it.

    Args:
        arguments: The arguments; None for those of the command line.

    Returns:
        The exit status: 0, or 2 if the name or a scope is invalid.
    """
    parser = argparse.ArgumentParser(prog="python -m app.keys", description="Make an API key.")
    parser.add_argument("name", help="whose key it is: letters, digits and . _ -")
    parser.add_argument(
        "--scopes",
        default="read",
        help="calls that it allows: read, and of galleries write and erase; default: read",
    )
    given = parser.parse_args(arguments)
    try:
        key, entry = make_key(given.name, parse_scopes(given.scopes))
    except KeysError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.write(f"the key, shown this once: {key}\n")
    sys.stdout.write(f"{entry.line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
