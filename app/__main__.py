"""`python -m app`: run the service with the settings of the environment."""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType

from app.board import Board
from app.catalog import check_default
from app.encoders.providers import wanted_providers
from app.keys.entries import read_keys
from app.keys.exposure import open_to_others
from app.server import serve
from app.settings import Settings, read_settings
from app.supervisor import Supervisor
from model.errors import LikewiseError

logger = logging.getLogger("app")


def main() -> int:
    """Run until told to stop.

    Returns:
        The exit status: 0 after SIGTERM or Ctrl-C, another where the service could not start.
    """
    signal.signal(signal.SIGTERM, _exit_cleanly)
    try:
        settings = read_settings()
        _check_before_start(settings)
    except LikewiseError as error:
        sys.stderr.write(f"likewise cannot start: {' '.join(str(error).split())}\n")
        return 1
    try:
        return _serve(settings)
    except KeyboardInterrupt:
        return 0


def _check_before_start(settings: Settings) -> None:
    """What can be known without a session, so that it is said once and not by every worker."""
    wanted_providers(settings.provider)
    check_default(settings.models_dir, settings.default_model)
    if settings.api_keys_file is not None:
        read_keys(settings.api_keys_file)


def _serve(settings: Settings) -> int:
    if open_to_others(settings):
        logger.warning(
            "anyone who reaches %s may call: set LIKEWISE_API_KEYS_FILE, or let a gateway ask",
            settings.host,
        )
    if settings.workers > 1:
        return Supervisor(settings).run()
    board = Board.alone()
    signal.signal(signal.SIGHUP, lambda *_: board.ask_reload())
    return serve(settings, board)


def _exit_cleanly(signum: int, frame: FrameType | None) -> None:
    """Before there is a server to drain; a stop that was asked for is no failure."""
    del signum, frame
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
