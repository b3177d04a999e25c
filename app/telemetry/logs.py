"""How the service logs: one line an event, to stderr, as JSON or for people.

Every line of a request carries its `request_id`, and its `trace_id` where the client sent a
`traceparent`. Modules log with the standard library's loggers, as uvicorn does, and structlog
renders what they say. The line of each request is written by structlog alone, which costs a third.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

from app.settings import LogFormat, LogLevel
from app.telemetry.log_file import LogFile

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, level 1: version, trace, parent, flags."""
_NO_TRACE = "0" * 32
_names: ContextVar[Mapping[str, str]] = ContextVar("names", default=MappingProxyType({}))
"""What every line of the request at hand carries. One variable that is set once: structlog's own
context costs each request three times as much."""


def logging_config(level: LogLevel, log_format: LogFormat) -> dict[str, Any]:
    """The configuration for `logging.config`, which uvicorn applies in every worker."""
    wanted = level.value.upper()
    # Below warnings, uvicorn tells of its own start and stop what our one line says already.
    of_server = wanted if level in {LogLevel.DEBUG, LogLevel.ERROR} else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "app.telemetry.logs.formatter", "log_format": log_format.value}
        },
        "handlers": {
            "stderr": {"()": "app.telemetry.logs.handler", "formatter": "line"},
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "app": {"level": wanted},
            "uvicorn.error": {"level": of_server},
            # `AccessLog` writes the line of each request.
            "uvicorn.access": {"level": "WARNING"},
        },
    }


def handler() -> logging.Handler:
    """Where those loggers write; named in `logging_config`."""
    return logging.StreamHandler(LogFile(sys.stderr))


def formatter(log_format: str) -> structlog.stdlib.ProcessorFormatter:
    """What renders the lines of the standard library's loggers; named in `logging_config`."""
    chosen = LogFormat(log_format)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            _named,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _timestamp(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *([structlog.processors.format_exc_info] if chosen is LogFormat.JSON else []),
            _renderer(chosen, sys.stderr),
        ],
    )


def named_request(request_id: str, trace_id: str | None) -> None:
    """Give every further line of this request its id, and its trace's where there is one."""
    names = {"request_id": request_id}
    if trace_id is not None:
        names["trace_id"] = trace_id
    _names.set(names)


def trace_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The trace that a client's `traceparent` names, or None where it sent none that is one."""
    for name, value in headers:
        if name == b"traceparent":
            match = _TRACEPARENT.fullmatch(value)
            found = match[1].decode() if match else _NO_TRACE
            return None if found == _NO_TRACE else found
    return None


class AccessLog:
    """One line for each request: its client's address, and nothing of its body or its query."""

    def __init__(self, log_format: LogFormat, file: TextIO | None = None) -> None:
        """Write to a file, or to what is stderr now."""
        file = sys.stderr if file is None else file
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(cast("TextIO", LogFile(file))),
            processors=[_named, _level, _timestamp(), _renderer(log_format, file)],
            wrapper_class=structlog.BoundLogger,
        ).bind(logger="app.access")

    def answered(self, seconds: float, **said: str | int | None) -> None:
        """A request was answered.

        Args:
            seconds: How long that took.
            said: Of the line; what is None is left out. `client` is the address that it came from,
                as far as the trusted proxies say, `route` the template of its route (a path could
                carry anything), and `model` the name of the model that it wanted.
        """
        known = {name: value for name, value in said.items() if value is not None}
        self._log.info("request", **known, ms=round(1000 * seconds, 3))


def _named(logger: object, method: str, event: structlog.typing.EventDict) -> Any:  # noqa: ANN401 (structlog's own type)
    del logger, method
    return {**_names.get(), **event}


def _level(logger: object, method: str, event: structlog.typing.EventDict) -> Any:  # noqa: ANN401 (structlog's own type)
    del logger
    event["level"] = method
    return event


def _timestamp() -> Processor:
    return structlog.processors.TimeStamper(fmt="iso", utc=True)


def _renderer(log_format: LogFormat, file: TextIO) -> Processor:
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=file.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
