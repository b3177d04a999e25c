"""How the service logs: one line an event, to stderr."""

from __future__ import annotations

from typing import Any

from app.settings import LogLevel


def logging_config(level: LogLevel) -> dict[str, Any]:
    """The configuration for `logging.config`, which uvicorn applies in every worker."""
    wanted = level.value.upper()
    # Below warnings, uvicorn tells of its own start and stop what our one line says already.
    of_server = wanted if level in {LogLevel.DEBUG, LogLevel.ERROR} else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
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
            "uvicorn.access": {"level": wanted},
            # It warns of every malformed body, which is the client's affair and has its answer.
            "python_multipart": {"level": "ERROR"},
        },
    }
