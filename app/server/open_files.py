"""Bound of the connections by the number of files that the process may have open.

A process that has reached its limit (`ulimit -n`) cannot accept a connection, nor open a file that
an answer needs. So a few descriptors are kept free of connections, and a connection beyond the
bound is refused with an answer.
"""

import logging
import resource

from app.errors import SettingsError
from app.settings import Settings

logger = logging.getLogger("app")

RESERVED = 64
"""Descriptors for all but connections; a service with three models has about 25 open."""


def fit_open_files(settings: Settings) -> Settings:
    """Raise the soft limit of open files as far as the connections need and the hard limit allows.

    Returns:
        The settings, with fewer connections where the limit does not allow so many.

    Raises:
        SettingsError: The limit allows no connection at all.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return settings
    wanted = settings.max_connections + RESERVED
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    fits = soft - RESERVED
    if fits >= settings.max_connections:
        return settings
    if fits < 1:
        raise SettingsError(
            f"the process may open {soft} files only; raise the limit of open files (ulimit -n) "
            f"to {wanted:,}"
        )
    logger.warning(
        "at most %d connections at a time instead of LIKEWISE_MAX_CONNECTIONS=%d: the process may "
        "open %d files only (ulimit -n)",
        fits,
        settings.max_connections,
        soft,
    )
    return settings.model_copy(update={"max_connections": fits})
