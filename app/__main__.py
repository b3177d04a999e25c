"""`python -m app`: run the service with the settings of the environment."""

import logging
import logging.config
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from app.catalog.catalog import check_default
from app.encoders.providers import wanted_providers
from app.keys.entries import read_keys
from app.keys.exposure import open_to_others
from app.server.command_line import arguments_parser
from app.server.ending import leave
from app.server.open_files import fit_open_files
from app.server.server import serve
from app.server.sockets import bind
from app.server.supervisor import Supervisor
from app.settings import Settings, read_settings
from app.telemetry.folder import metrics_folder
from app.telemetry.logs import logging_config
from app.worker.worker_state import WorkerStates
from model.errors import LikewiseError

logger = logging.getLogger("app")

_LONGEST_LINE = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service until it is stopped.

    Args:
        arguments: The arguments; None for those of the command line.

    Returns:
        The exit status: 0 after SIGTERM or Ctrl-C, another if the service could not start.
    """
    _open_missing_streams()
    arguments_parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _exit_cleanly)
    # Sent by log rotation, or for a reload that the start makes anyway; they would end a process.
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        settings = read_settings()
        logging.config.dictConfig(logging_config(settings.log_level, settings.log_format))
        settings = fit_open_files(settings)
        _check_before_start(settings)
        listening = bind(settings.host, settings.port)
    except LikewiseError as error:
        return _cannot_start(error)
    try:
        with _with_metrics_folder(settings) as prepared:
            return _serve(prepared, listening)
    except KeyboardInterrupt:
        return 0
    except LikewiseError as error:
        return _cannot_start(error)


@contextmanager
def _with_metrics_folder(settings: Settings) -> Iterator[Settings]:
    """Create the metrics folder, which the workers share; yield the settings with its path.

    Several workers need it without metrics too, for their common choices.
    """
    if not settings.metrics and settings.workers == 1:
        yield settings
        return
    with metrics_folder(settings.metrics_dir, settings.workers) as folder:
        yield settings.model_copy(update={"metrics_dir": folder})


def _cannot_start(error: LikewiseError) -> int:
    line = " ".join(str(error).split())[:_LONGEST_LINE]  # It may quote a setting of any length.
    sys.stderr.write(f"likewise cannot start: {line}\n")
    return 1


def _check_before_start(settings: Settings) -> None:
    """Report errors that need no session to be found once, not once by each worker."""
    wanted_providers(settings.provider)
    check_default(settings.models_dir, settings.default_model)
    if settings.api_keys_file is not None:
        read_keys(settings.api_keys_file)


def _serve(settings: Settings, listening: list[socket.socket]) -> int:
    if open_to_others(settings):
        logger.warning(
            "anyone who reaches %s may call: set LIKEWISE_API_KEYS_FILE, or let a gateway ask",
            settings.host,
        )
    if settings.workers > 1:
        return Supervisor(settings, listening).run()
    worker_states = WorkerStates.alone()
    signal.signal(signal.SIGHUP, lambda *_: worker_states.request_reload())
    return serve(settings, worker_states, listening)


def _open_missing_streams() -> None:
    """Open the null device in place of each standard stream that is closed.

    Its number would otherwise be given to a file or a socket, into which a library may then print.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # It gets the lowest number.
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _exit_cleanly(signum: int, frame: FrameType | None) -> None:
    """Exit with status 0 on SIGTERM before there is a server to drain."""
    del signum, frame
    sys.exit(0)


if __name__ == "__main__":
    leave(main)
