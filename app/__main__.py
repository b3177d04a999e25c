"""`python -m app`: run the service with the settings of the environment."""

from __future__ import annotations

import logging
import math
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.catalog import check_default
from app.encoders.providers import wanted_providers
from app.keys.entries import read_keys
from app.keys.exposure import open_to_others
from app.logs import logging_config
from app.settings import Settings, hand_down, read_settings
from app.telemetry.folder import metrics_folder
from model.errors import LikewiseError

logger = logging.getLogger("app")

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
        return _cannot_start(error)
    try:
        with _numbers(settings):
            return _serve(settings)
    except KeyboardInterrupt:
        return 0
    except LikewiseError as error:
        return _cannot_start(error)


@contextmanager
def _numbers(settings: Settings) -> Iterator[None]:
    """The folder of the workers' numbers, made before the first of them starts."""
    if not settings.metrics:
        yield
        return
    with metrics_folder(settings.metrics_dir) as folder:
        hand_down("metrics_dir", folder)
        yield


def _cannot_start(error: LikewiseError) -> int:
    sys.stderr.write(f"likewise cannot start: {' '.join(str(error).split())}\n")
    return 1


def _check_before_start(settings: Settings) -> None:
    """What can be known without a session, so that it is said once and not by every worker."""
    wanted_providers(settings.provider)
    check_default(settings.models_dir, settings.default_model)
    if settings.api_keys_file is not None:
        read_keys(settings.api_keys_file)


def _serve(settings: Settings) -> int:
    config = _server_config(settings)
    if open_to_others(settings):
        logger.warning(
            "anyone who reaches %s may call: set LIKEWISE_API_KEYS_FILE, or let a gateway ask",
            settings.host,
        )
    if settings.workers == 1:
        server = uvicorn.Server(config)
        server.run()
        return 0 if server.started else STARTUP_FAILURE
    supervisor = Multiprocess(config, sockets=[config.bind_socket()])
    supervisor.run()
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


def _server_config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        "app.main:create_app_from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        lifespan="on",
        log_config=logging_config(settings.log_level, settings.log_format),
        access_log=False,
        server_header=False,
        ws="none",  # no route speaks it, and what answers it knows none of our rules
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_graceful_shutdown=math.ceil(settings.deadline_ms / 1000) + _GRACE_S,
    )


def _exit_cleanly(signum: int, frame: FrameType | None) -> None:
    """Uvicorn drains, then raises the signal again; a stop that was asked for is no failure."""
    del signum, frame
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
