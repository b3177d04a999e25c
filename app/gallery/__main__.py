"""`python -m app.gallery COMMAND`: the store of LIKEWISE_GALLERY_URL.

migrate    make its tables, or bring them to this version
check      exit with 0 if its tables are those of this version
index      make the indexes that are missing (PostgreSQL)
vacuum     remove the bytes of all that was erased; locks the tables meanwhile
"""

import argparse
import sys
from collections.abc import Sequence

from app.errors import GalleryStartError
from app.gallery.galleries import needing_extra
from app.settings import read_settings
from model.errors import LikewiseError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command on the store.

    Args:
        arguments: The arguments; None for those of the command line.

    Returns:
        The exit status: 0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser(
        prog="python -m app.gallery",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("migrate", "check", "index", "vacuum"))
    given = parser.parse_args(arguments)
    try:
        sys.stdout.write(_run(given.command, read_settings().gallery_url) + "\n")
    except LikewiseError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    return 0


def _run(name: str, url: str | None) -> str:
    if url is None:
        raise GalleryStartError("set LIKEWISE_GALLERY_URL to the gallery's store")
    with needing_extra():
        from app.gallery.sql import commands  # noqa: PLC0415 (the extra may not be there)
    return commands.run(name, url)


if __name__ == "__main__":
    sys.exit(main())
