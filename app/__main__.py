"""`python -m app`: run the service with the settings of the environment."""

from __future__ import annotations

import math
import signal
import sys
from functools import partial
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.api.connection import BoundedConnection, Bounds
from app.catalog import check_default
from app.encoders.providers import wanted_providers
from app.logs import logging_config
from app.settings import Settings, read_settings
from model.errors import LikewiseError

_GRACE_S = 5
"""Beyond the deadline of jobs: for their answers to be sent."""


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


def _serve(settings: Settings) -> int:
    config = _server_config(settings)
    if settings.workers == 1:
        server = uvicorn.Server(config)
        server.run()
        return 0 if server.started else STARTUP_FAILURE
    supervisor = Multiprocess(config, sockets=[config.bind_socket()])
    supervisor.run()
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


def _server_config(settings: Settings) -> uvicorn.Config:
    bounds = Bounds(settings.max_connections, settings.head_timeout_s, settings.body_timeout_s)
    return uvicorn.Config(
        "app.main:create_app_from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=partial(BoundedConnection, bounds),  # type: ignore[arg-type] # called, no more
        ws="none",
        lifespan="on",
        log_config=logging_config(settings.log_level),
        server_header=False,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=math.ceil(settings.deadline_ms / 1000) + _GRACE_S,
    )


def _exit_cleanly(signum: int, frame: FrameType | None) -> None:
    """Uvicorn drains, then raises the signal again; a stop that was asked for is no failure."""
    del signum, frame
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
