"""How the service logs: one line an event, to stderr."""

from __future__ import annotations

import logging
from typing import Any

from app.settings import LogLevel

_ACCESS_ARGUMENTS = 5
"""Client, method, path, HTTP version, status."""


class PathOnly(logging.Filter):
    """Leaves the query out of the access log: what a caller puts there is not ours to keep."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut uvicorn's `path?query`, its third argument, at the question mark."""
        if isinstance(record.args, tuple) and len(record.args) == _ACCESS_ARGUMENTS:
            client, method, path, *others = record.args
            record.args = (client, method, str(path).partition("?")[0], *others)
        return True


def logging_config(level: LogLevel) -> dict[str, Any]:
    """The configuration for `logging.config`, which uvicorn applies in every worker."""
    wanted = level.value.upper()
    # Below warnings, uvicorn tells of its own start and stop what our one line says already.
    of_server = wanted if level in {LogLevel.DEBUG, LogLevel.ERROR} else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "filters": {"path-only": {"()": PathOnly}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "app": {"level": wanted},
            "uvicorn.error": {"level": of_server},
            "uvicorn.access": {"level": wanted, "filters": ["path-only"]},
            # It warns of every malformed body, which is the client's affair and has its answer.
            "python_multipart": {"level": "ERROR"},
        },
    }
